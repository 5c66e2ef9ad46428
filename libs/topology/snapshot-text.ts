import { createHash } from 'node:crypto';
import { canonicalJson } from '#libs/contracts/canonical-json.js';
import type { Snapshot } from './model.js';

/** Texts are kept as long as their snapshot, because one snapshot is sent to many agents. */
const written = new WeakMap<Snapshot, { readonly text: string; readonly hash: string }>();

function write(snapshot: Snapshot): { readonly text: string; readonly hash: string } {
  const known = written.get(snapshot);
  if (known !== undefined) return known;
  const text = canonicalJson(snapshot);
  const hash = createHash('sha256').update(text, 'utf8').digest('hex');
  const result = { text, hash };
  written.set(snapshot, result);
  return result;
}

/** The canonical JSON that travels to agents. */
export function snapshotText(snapshot: Snapshot): string {
  return write(snapshot).text;
}

/** SHA-256 of the canonical JSON, 64 hexadecimal digits. */
export function snapshotHash(snapshot: Snapshot): string {
  return write(snapshot).hash;
}
