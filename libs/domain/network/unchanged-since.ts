import { canonicalJson, type JsonValue } from '#libs/contracts/canonical-json.js';
import type { AttachedSandbox, Since, TopologySandbox } from '#libs/policy/model.js';

/** An element as an event of this version leaves it, with the version at which it became so. */
export function sinceOf<Element extends { readonly [member: string]: JsonValue }>(
  before: (Element & Since) | undefined,
  now: Element,
  version: number,
): Element & Since {
  const isUnchanged = before !== undefined && same(before, { ...now, since: before.since });
  return { ...now, since: isUnchanged ? before.since : version };
}

/** As sinceOf, for an attached sandbox: its place and its labels change without the attachment. */
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

/** As JSON: the order of keys says nothing. */
function same(first: JsonValue, second: JsonValue): boolean {
  return canonicalJson(first) === canonicalJson(second);
}
