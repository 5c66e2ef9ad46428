import type { AliasName, OutsidePattern } from '#libs/contracts/ids.js';
import { evaluateSource } from './evaluate.js';
import type { NetworkView } from './model.js';
import { compareText } from './order.js';
import type { PolicySource } from './policy-source.js';
import { namedUsers, selectorTextOf } from './rule-sources.js';

/** A port of an alias, or of names outside, that a source may reach. */
export interface Reached {
  /** A selector that stands for the source alone. */
  readonly from: string;
  readonly alias: AliasName | OutsidePattern;
  readonly port: number;
}

/** What two views of a network let through differently, in order. */
export interface ReachabilityChange {
  readonly gained: readonly Reached[];
  readonly lost: readonly Reached[];
}

/**
 * What `after` lets through and `before` does not, and the other way round; null: there is no such network. `nowMs` as
 * in `evaluate`.
 */
export function reachabilityChange(
  before: NetworkView | null,
  after: NetworkView | null,
  nowMs: number,
): ReachabilityChange {
  const users = [before, after].flatMap((view) => (view === null ? [] : namedUsers(view)));
  const locals = [null, ...users].map((user): PolicySource => ({ kind: 'local', user }));
  const [had, has] = [reachability(before, locals, nowMs), reachability(after, locals, nowMs)];
  return { gained: missingFrom(had, has), lost: missingFrom(has, had) };
}

/** `<source> -> <alias>:<port>` */
export function reachedText({ from, alias, port }: Reached): string {
  return `${from} -> ${alias}:${port}`;
}

function missingFrom(some: ReadonlyMap<string, Reached>, others: ReadonlyMap<string, Reached>): readonly Reached[] {
  return [...others]
    .filter(([text]) => !some.has(text))
    .sort(([one], [other]) => compareText(one, other))
    .map(([, reached]) => reached);
}

/**
 * Everything that a view lets through, by the function that decides live traffic. Of local nodes, those users are told
 * apart that a rule names. A port that no rule allows costs nothing.
 */
function reachability(
  view: NetworkView | null,
  locals: readonly PolicySource[],
  nowMs: number,
): ReadonlyMap<string, Reached> {
  const found = new Map<string, Reached>();
  if (view === null) return found;
  const sources: readonly PolicySource[] = [
    ...[...view.sandboxes.keys()].map((sandboxId) => ({ kind: 'sandbox', sandboxId }) as const),
    ...locals,
  ];
  const allowed = new Set(
    [...view.rules.values()].flatMap(({ effect, to, port }) => (effect === 'allow' ? [`${to}:${port}`] : [])),
  );
  for (const { alias, ports } of view.aliases.values()) {
    for (const { published: port } of ports) {
      if (!allowed.has(`${alias}:${port}`)) continue;
      for (const source of sources) {
        if (evaluateSource(view, source, alias, port, nowMs).effect !== 'allow') continue;
        const reached = { from: selectorTextOf(source), alias, port };
        found.set(reachedText(reached), reached);
      }
    }
  }
  return found;
}
