import { canonicalJson, type JsonValue } from '#libs/contracts/canonical-json.js';
import type { AttachedSandbox, Since, TopologySandbox } from '#libs/policy/model.js';

/** An element after an event of this version, with the version since which it is the same. */
export function sinceOf<Element extends { readonly [member: string]: JsonValue }>(
  before: (Element & Since) | undefined,
  now: Element,
  version: number,
): Element & Since {
  const isUnchanged = before !== undefined && same(before, { ...now, since: before.since });
  return { ...now, since: isUnchanged ? before.since : version };
}

/** As sinceOf, for an attached sandbox: its placement and labels can change while it stays attached. */
export function sandboxSince(
  before: TopologySandbox | undefined,
  now: AttachedSandbox,
  version: number,
): TopologySandbox {
  const { sandboxId, agentId, labels } = now;
  return {
    ...{ sandboxId, agentId, labels },
    attachedSince: before?.attachedSince ?? version,
    placedSince: before?.agentId === agentId ? before.placedSince : version,
    labelledSince: before !== undefined && same(before.labels, labels) ? before.labelledSince : version,
  };
}

/** Compared as JSON; the order of keys does not matter. */
function same(first: JsonValue, second: JsonValue): boolean {
  return canonicalJson(first) === canonicalJson(second);
}
