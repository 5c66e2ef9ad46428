import { isDeepStrictEqual } from 'node:util';
import type { AliasName, RuleId, SandboxId } from '#libs/contracts/ids.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import type { Topology } from '#libs/policy/model.js';
import { topologyOf } from './network-events.js';

/** The version that last changed each element of a network. */
export interface SinceVersions {
  readonly sandboxes: ReadonlyMap<
    SandboxId,
    { readonly attached: number; readonly placed: number; readonly labelled: number }
  >;
  readonly aliases: ReadonlyMap<AliasName, number>;
  readonly rules: ReadonlyMap<RuleId, number>;
}

/** As the fold keeps them. */
export function sinceIn({ sandboxes, aliases, rules }: Topology): SinceVersions {
  return {
    sandboxes: mapped(sandboxes, ({ attachedSince, placedSince, labelledSince }) => ({
      attached: attachedSince,
      placed: placedSince,
      labelled: labelledSince,
    })),
    aliases: mapped(aliases, ({ since }) => since),
    rules: mapped(rules, ({ since }) => since),
  };
}

/** By definition: the first of the consecutive versions that have the element in its last form. */
export function sinceByWalkingBack(events: readonly NetworkEvent[]): SinceVersions {
  const versions = events.map((_, index) => topologyOf(...events.slice(0, index + 1)));
  const last = versions.at(-1);
  if (last === undefined) throw new Error('a topology needs events');
  const since = (pick: (topology: Topology) => unknown): number => {
    const now = pick(last);
    const other = versions.findLast((topology) => !isDeepStrictEqual(pick(topology), now));
    return (other?.version ?? 0) + 1;
  };
  return {
    sandboxes: mapped(last.sandboxes, (_, id) => ({
      attached: since(({ sandboxes }) => sandboxes.has(id)),
      placed: since(({ sandboxes }) => sandboxes.get(id)?.agentId),
      labelled: since(({ sandboxes }) => sandboxes.get(id)?.labels),
    })),
    aliases: mapped(last.aliases, (_, alias) => since(({ aliases }) => bare(aliases.get(alias)))),
    rules: mapped(last.rules, (_, id) => since(({ rules }) => bare(rules.get(id)))),
  };
}

function mapped<Key, Value, Result>(
  map: ReadonlyMap<Key, Value>,
  of: (value: Value, key: Key) => Result,
): ReadonlyMap<Key, Result> {
  return new Map([...map].map(([key, value]) => [key, of(value, key)] as const));
}

/** Without what the fold adds to it. */
function bare(element: object | undefined): object | null {
  return element === undefined ? null : { ...element, since: null };
}
