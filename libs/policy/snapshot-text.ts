import { hash as hashOf } from 'node:crypto';
import { canonicalJson } from '#libs/contracts/canonical-json.js';
import type { Snapshot } from './model.js';

/** Kept as long as their snapshot, because one snapshot is sent to many agents. */
const texts = new WeakMap<Snapshot, string>();

/** The canonical JSON that is sent to agents. */
export function snapshotText(snapshot: Snapshot): string {
  const known = texts.get(snapshot);
  if (known !== undefined) return known;
  const text = canonicalJson(snapshot);
  texts.set(snapshot, text);
  return text;
}

/**
 * The hash of a snapshot in protocol 1: SHA-256 of its whole text, 64 hexadecimal digits. Agents of the previous
 * release acknowledge it, and their files contain it.
 */
export function snapshotHashOfProtocol1(snapshot: Snapshot): string {
  return hashOf('sha256', snapshotText(snapshot));
}
