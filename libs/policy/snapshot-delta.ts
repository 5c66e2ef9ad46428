import { CodedError } from '#libs/contracts/errors.js';
import type { AliasName, RuleId, SandboxId } from '#libs/contracts/ids.js';
import type { Snapshot } from './model.js';
import { compareText, placeOf } from './order.js';
import {
  type Bucket,
  type DigestElement,
  digestWith,
  headOf,
  keepTree,
  type SnapshotDigest,
  type SnapshotHead,
  type SnapshotTree,
  treeOf,
} from './snapshot-digest.js';
import type { ElementKey } from './snapshot-elements.js';

/** What one list of a snapshot loses, and what it gains or holds in another form; both in order of the key. */
export type ListChange<Id, Element> = { readonly gone: readonly Id[]; readonly put: readonly Element[] };

type Sandbox = Snapshot['sandboxes'][number];
type Alias = Snapshot['aliases'][number];
type Rule = Snapshot['rules'][number];
type EgressRule = NonNullable<Snapshot['egress']>[number];

/** Plain JSON: what leads from one snapshot of a network to another. `head` is that of the other. */
export type SnapshotDelta = {
  readonly format: 1;
  readonly head: SnapshotHead;
  readonly sandboxes: ListChange<SandboxId, Sandbox>;
  readonly aliases: ListChange<AliasName, Alias>;
  readonly rules: ListChange<RuleId, Rule>;
  readonly egress: ListChange<RuleId, EgressRule>;
};

/** The delta does not start from this snapshot. */
export class DeltaUnfoundedError extends CodedError {
  constructor(key: string) {
    super('DELTA_UNFOUNDED', `the delta takes ${key} away, which is not held`);
  }
}

/** What leads from `before` to `after`; costs the buckets that differ, and all egress rules when these do. */
export function diff(before: SnapshotTree, after: SnapshotTree): SnapshotDelta {
  const changed = changedElements(before.digest, after.digest);
  return {
    format: 1,
    head: after.head,
    sandboxes: changeOf<SandboxId, Sandbox>('sandbox', changed),
    aliases: changeOf<AliasName, Alias>('alias', changed),
    rules: changeOf<RuleId, Rule>('rule', changed),
    egress: egressChange(before.egress, after.egress),
  };
}

/**
 * The snapshot that the delta leads to: apply(diff(a, b), a) is b. The argument is left as it was, and lists that the
 * delta does not touch are shared with the result. Its hash costs what the delta touches. Throws DeltaUnfoundedError
 * when it takes away what is not there; whether the result is the one that was meant, its hash tells alone.
 */
export function applyDelta(delta: SnapshotDelta, before: Snapshot): Snapshot {
  const egress = changedList(before.egress ?? NO_EGRESS, delta.egress, ({ id }) => id);
  const after: Snapshot = {
    ...headOf(delta.head),
    sandboxes: changedList(before.sandboxes, delta.sandboxes, ({ sandboxId }) => sandboxId),
    aliases: changedList(before.aliases, delta.aliases, ({ alias }) => alias),
    rules: changedList(before.rules, delta.rules, ({ id }) => id),
    ...(egress.length === 0 ? {} : { egress }),
  };
  keepTree(after, { head: headOf(delta.head), digest: digestAfterDelta(treeOf(before).digest, delta), egress });
  return after;
}

/** The elements that a delta adds, changes or takes away, but rules about names outside, which are none. */
export function touchedBy({ sandboxes, aliases, rules }: SnapshotDelta): readonly ElementKey[] {
  return [
    ...[...sandboxes.gone, ...sandboxes.put.map(({ sandboxId }) => sandboxId)].map(
      (id): ElementKey => ({ kind: 'sandbox', id }),
    ),
    ...[...aliases.gone, ...aliases.put.map(({ alias }) => alias)].map((id): ElementKey => ({ kind: 'alias', id })),
    ...[...rules.gone, ...rules.put.map(({ id }) => id)].map((id): ElementKey => ({ kind: 'rule', id })),
  ];
}

const NO_EGRESS: readonly EgressRule[] = [];

function digestAfterDelta(before: SnapshotDigest, { sandboxes, aliases, rules }: SnapshotDelta): SnapshotDigest {
  let digest = before;
  for (const id of sandboxes.gone) digest = digestWith(digest, { kind: 'sandbox', id }, null);
  for (const id of aliases.gone) digest = digestWith(digest, { kind: 'alias', id }, null);
  for (const id of rules.gone) digest = digestWith(digest, { kind: 'rule', id }, null);
  for (const sandbox of sandboxes.put) digest = digestWith(digest, { kind: 'sandbox', id: sandbox.sandboxId }, sandbox);
  for (const record of aliases.put) digest = digestWith(digest, { kind: 'alias', id: record.alias }, record);
  for (const rule of rules.put) digest = digestWith(digest, { kind: 'rule', id: rule.id }, rule);
  return digest;
}

/** In strict order of the key, before and after. */
function changedList<Id extends string, Element>(
  before: readonly Element[],
  { gone, put }: ListChange<Id, Element>,
  keyOf: (element: Element) => string,
): readonly Element[] {
  if (gone.length === 0 && put.length === 0) return before;
  const list = [...before];
  for (const key of gone) {
    const at = placeOf(list, key, keyOf);
    if (!isAt(list, at, key, keyOf)) throw new DeltaUnfoundedError(key);
    list.splice(at, 1);
  }
  for (const element of put) {
    const key = keyOf(element);
    const at = placeOf(list, key, keyOf);
    list.splice(at, isAt(list, at, key, keyOf) ? 1 : 0, element);
  }
  return list;
}

function isAt<Element>(
  list: readonly Element[],
  at: number,
  key: string,
  keyOf: (element: Element) => string,
): boolean {
  const element = list[at];
  return element !== undefined && keyOf(element) === key;
}

interface ChangedElement {
  readonly key: string;
  /** null: gone. */
  readonly text: string | null;
}

/** In order of the key within each bucket. */
function changedElements(before: SnapshotDigest, after: SnapshotDigest): readonly ChangedElement[] {
  const changed = after.buckets.flatMap((bucket, index) => {
    const old = before.buckets[index] ?? null;
    return bucket === old || bucket?.hash === old?.hash ? [] : changedInBucket(old, bucket);
  });
  return changed.sort((one, other) => compareText(one.key, other.key));
}

function changedInBucket(before: Bucket | null, after: Bucket | null): readonly ChangedElement[] {
  const old = textsOf(before);
  const present = textsOf(after);
  const gone = [...old.keys()].filter((key) => !present.has(key)).map((key) => ({ key, text: null }));
  const put = [...present].filter(([key, text]) => old.get(key) !== text).map(([key, text]) => ({ key, text }));
  return [...gone, ...put];
}

function textsOf(bucket: Bucket | null): ReadonlyMap<string, string> {
  return new Map(bucket?.elements.map(({ key, text }: DigestElement) => [key, text]));
}

/** The changes of one kind. A key is the kind, a space and the id. */
function changeOf<Id extends string, Element>(
  kind: ElementKey['kind'],
  changed: readonly ChangedElement[],
): ListChange<Id, Element> {
  const own = changed.filter(({ key }) => key.startsWith(`${kind} `));
  return {
    gone: own.filter(({ text }) => text === null).map(({ key }) => key.slice(kind.length + 1) as Id),
    put: own.flatMap(({ text }): readonly Element[] => (text === null ? [] : [JSON.parse(text)])),
  };
}

function egressChange(before: readonly EgressRule[], after: readonly EgressRule[]): ListChange<RuleId, EgressRule> {
  if (before === after) return { gone: [], put: [] };
  const present = new Set(after.map(({ id }) => id));
  const old = new Map(before.map((rule) => [rule.id, JSON.stringify(rule)]));
  return {
    gone: before.filter(({ id }) => !present.has(id)).map(({ id }) => id),
    put: after.filter((rule) => old.get(rule.id) !== JSON.stringify(rule)),
  };
}
