import { hash as hashOf } from 'node:crypto';
import { canonicalJson, type JsonValue } from '#libs/contracts/canonical-json.js';
import { printRule } from '#libs/contracts/rules.js';
import type { Snapshot, Topology } from './model.js';
import { compareText } from './order.js';
import { aliasElement, type ElementKey, elementOf, sandboxElement } from './snapshot-elements.js';

type EgressRules = NonNullable<Snapshot['egress']>;

/**
 * The hash of a snapshot, structured so that a change costs what it changes (a two-level Merkle tree; compare RFC 9162
 * section 2.1): elements are put into buckets by their key, each bucket has a hash of its elements, and the hash of the
 * snapshot covers its head and the hashes of the buckets. A change recomputes one bucket. The definition is part of the
 * bus protocol (ADR 0026): both sides compute the hash, and signatures cover it.
 */
export interface SnapshotDigest {
  /** BUCKETS long; null: an empty bucket. */
  readonly buckets: readonly (Bucket | null)[];
}

export interface Bucket {
  /** In code-unit order of the key. */
  readonly elements: readonly DigestElement[];
  /** SHA-256, hexadecimal. */
  readonly hash: string;
}

export interface DigestElement {
  /** As returned by elementKeyText. */
  readonly key: string;
  /** Canonical JSON. */
  readonly text: string;
}

const BUCKETS = 256;
/** Of an empty network, and of a snapshot that tells an agent to stop serving. */
export const EMPTY_DIGEST: SnapshotDigest = { buckets: new Array<Bucket | null>(BUCKETS).fill(null) };

/** Everything of a snapshot except its elements and egress rules. */
export type SnapshotHead = Omit<Snapshot, 'sandboxes' | 'aliases' | 'rules' | 'egress'>;

/** The digest of the elements of a snapshot. */
export function digestOf(snapshot: Pick<Snapshot, 'sandboxes' | 'aliases' | 'rules'>): SnapshotDigest {
  const sorted: DigestElement[][] = Array.from({ length: BUCKETS }, () => []);
  const add = (kind: ElementKey['kind'], id: string, element: JsonValue): void => {
    const key = elementKeyText(kind, id);
    sorted[bucketOf(key)]?.push({ key, text: canonicalJson(element) });
  };
  for (const sandbox of snapshot.sandboxes) add('sandbox', sandbox.sandboxId, sandbox);
  for (const record of snapshot.aliases) add('alias', record.alias, record);
  for (const rule of snapshot.rules) add('rule', rule.id, rule);
  return {
    buckets: sorted.map((elements) =>
      elements.length === 0 ? null : bucketWith(elements.sort((first, second) => compareText(first.key, second.key))),
    ),
  };
}

/** Kept, because topologies never change and every sender asks for the digest. */
const digests = new WeakMap<Topology, SnapshotDigest>();

/** The digest of a topology's elements: the one that digestAfter kept, or computed from all of them. */
export function digestOfTopology(topology: Topology): SnapshotDigest {
  const known = digests.get(topology);
  if (known !== undefined) return known;
  const digest = digestOf({
    sandboxes: [...topology.sandboxes.values()].map(sandboxElement),
    aliases: [...topology.aliases.values()].map(aliasElement),
    rules: [...topology.rules.values()].map(printRule),
  });
  digests.set(topology, digest);
  return digest;
}

/**
 * The digest after a change: `touched` are the elements that the change may have added, changed or removed, `topology`
 * is the result, `digest` the one before. Costs one bucket for each element touched.
 */
export function digestAfter(
  digest: SnapshotDigest,
  touched: readonly ElementKey[],
  topology: Topology,
): SnapshotDigest {
  const after = touched.reduce((before, key) => digestWith(before, key, elementOf(topology, key)), digest);
  digests.set(topology, after);
  return after;
}

/** The digest with this element in place of the one with its key; null removes it. Costs one bucket. */
export function digestWith(digest: SnapshotDigest, { kind, id }: ElementKey, element: JsonValue): SnapshotDigest {
  const key = elementKeyText(kind, id);
  const at = bucketOf(key);
  const before = digest.buckets[at]?.elements ?? [];
  const found = before.findIndex((one) => one.key >= key);
  const index = found === -1 ? before.length : found;
  const replaces = before[index]?.key === key ? 1 : 0;
  if (element === null && replaces === 0) return digest;
  const text = element === null ? null : canonicalJson(element);
  if (replaces === 1 && before[index]?.text === text) return digest;
  const elements = before.toSpliced(index, replaces, ...(text === null ? [] : [{ key, text }]));
  return { buckets: digest.buckets.with(at, elements.length === 0 ? null : bucketWith(elements)) };
}

/**
 * SHA-256 over the head, the buckets' hashes and the egress rules, 64 hexadecimal digits. The digest is the same for
 * every agent, the egress rules differ. A snapshot without egress rules hashes as it did before they existed.
 */
export function hashOfDigest(head: SnapshotHead, digest: SnapshotDigest, egress: EgressRules): string {
  const lines = ['gs-snapshot-v2', canonicalJson(head)];
  digest.buckets.forEach((bucket, index) => {
    if (bucket !== null) lines.push(`${index} ${bucket.hash}`);
  });
  if (egress.length > 0) lines.push(`egress ${hashOf('sha256', canonicalJson(egress))}`);
  return hashOf('sha256', lines.join('\n'));
}

/** Copies the head only, whatever else the value has. */
export function headOf({
  format,
  networkId,
  name,
  version,
  maxStalenessSeconds,
  participates,
}: SnapshotHead): SnapshotHead {
  return { format, networkId, name, version, maxStalenessSeconds, participates };
}

/** A snapshot in the form in which it is hashed, and compared with another version. */
export interface SnapshotTree {
  readonly head: SnapshotHead;
  readonly digest: SnapshotDigest;
  readonly egress: EgressRules;
}

/** Kept, because one snapshot is sent to many agents and never changes. */
const trees = new WeakMap<Snapshot, SnapshotTree>();
const treeHashes = new WeakMap<SnapshotTree, string>();

export function treeOf(snapshot: Snapshot): SnapshotTree {
  const known = trees.get(snapshot);
  if (known !== undefined) return known;
  const tree = { head: headOf(snapshot), digest: digestOf(snapshot), egress: snapshot.egress ?? [] };
  trees.set(snapshot, tree);
  return tree;
}

/** Keeps a tree that was made together with the snapshot, so that `treeOf` returns it. */
export function keepTree(snapshot: Snapshot, tree: SnapshotTree): void {
  trees.set(snapshot, tree);
}

/** SHA-256, 64 hexadecimal digits: what agents acknowledge and signatures cover. */
export function treeHash(tree: SnapshotTree): string {
  const known = treeHashes.get(tree);
  if (known !== undefined) return known;
  const hash = hashOfDigest(tree.head, tree.digest, tree.egress);
  treeHashes.set(tree, hash);
  return hash;
}

/** As treeHash, of a whole snapshot. */
export function snapshotHash(snapshot: Snapshot): string {
  return treeHash(treeOf(snapshot));
}

function bucketWith(elements: readonly DigestElement[]): Bucket {
  return { elements, hash: hashOf('sha256', elements.map(({ key, text }) => `${key} ${text}\n`).join('')) };
}

/** No id contains a space, so different elements have different keys. */
function elementKeyText(kind: ElementKey['kind'], id: string): string {
  return `${kind} ${id}`;
}

/** FNV-1a, folded to one octet. It only distributes keys over buckets and is not used for security. */
function bucketOf(key: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    value = Math.imul(value ^ key.charCodeAt(index), 0x01000193);
  }
  return (value ^ (value >>> 8) ^ (value >>> 16) ^ (value >>> 24)) & 0xff;
}
