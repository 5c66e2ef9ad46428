import type { KeyObject } from 'node:crypto';
import { type KeySuccession, parseSuccessions } from '#libs/contracts/store-keys.js';
import { type ChainedEvent, ChainWalk, type LogVerification } from './chain-walk.js';
import { parseExportLine } from './export-lines.js';
import { keysThatFollow, publicKeyText } from './key-succession.js';
import { isSignedBy, parsePublicKey, type SignedHead } from './signed-head.js';

export interface VerifiedExport {
  readonly found: LogVerification;
  /** The head that stands in the export; null: none was reached. */
  readonly head: SignedHead | null;
}

/**
 * Walks an exported log: every line as it was written, positions without a gap, each hash over the event and the hash
 * before, and at the end a head with the position and hash of the last event, signed with one of these keys or with one
 * that they named as their successor in the log.
 */
export async function verifyExport(
  bytes: AsyncIterable<Uint8Array>,
  keys: readonly KeyObject[],
): Promise<VerifiedExport> {
  const walk = new ChainWalk();
  let head: SignedHead | null = null;
  const successions: KeySuccession[] = [];
  let number = 0;
  for await (const line of linesOf(bytes)) {
    number += 1;
    const next = walk.head.position + 1;
    const parsed = line === null ? null : parseExportLine(line);
    if (head !== null)
      walk.report('UNREADABLE', next, `line ${number} comes after the signed head, which must be the last line`);
    else if (parsed === null) walk.report('UNREADABLE', next, `line ${number} is not a line of an export`);
    else if (parsed.kind === 'event') {
      walk.next(parsed.event);
      successions.push(...successionsIn(parsed.event));
    } else head = parsed.head;
    if (walk.found !== null) return { found: walk.found, head };
  }
  return { found: atItsHead(walk, head, withSuccessors(keys, successions)), head };
}

/** What the event says of a key that follows another; whether it is signed is checked where it is used. */
function successionsIn({ type, dataText }: ChainedEvent): readonly KeySuccession[] {
  if (type !== 'KeyRotationBegan') return [];
  try {
    return parseSuccessions([JSON.parse(dataText)], 'event');
  } catch {
    // Another release wrote something else there: it leads to no key.
    return [];
  }
}

function withSuccessors(keys: readonly KeyObject[], successions: readonly KeySuccession[]): readonly KeyObject[] {
  const found = keysThatFollow('signing', keys.map(publicKeyText), successions);
  return [...found].map((key) => parsePublicKey(key, 'the export'));
}

function atItsHead(walk: ChainWalk, head: SignedHead | null, keys: readonly KeyObject[]): LogVerification {
  const { position, hash } = walk.head;
  if (head === null) {
    walk.report('HEAD_MISSING', position + 1, 'the export has no signed head, so events may be missing at its end');
  } else if (!keys.some((key) => isSignedBy(key, head))) {
    walk.report('HEAD_FOREIGN', head.position, 'the head was signed with another key, or changed after it was signed');
  } else if (head.position > position) {
    walk.report('TAIL_LOST', position + 1, `the export ends here, but its signed head is event ${head.position}`);
  } else if (head.position < position || head.hash !== hash) {
    walk.report(
      'REWRITTEN',
      head.position,
      'the signed head names another event at this position, or ends before the export does',
    );
  }
  return walk.finish();
}

/** Lines of UTF-8, without their ends; null for one that is no UTF-8. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string | null> {
  const parts: Uint8Array[] = [];
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      parts.push(chunk.subarray(from, end));
      yield textOf(parts.splice(0));
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) yield textOf(parts);
}

const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(parts: readonly Uint8Array[]): string | null {
  try {
    return decoder.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts));
  } catch {
    return null;
  }
}
