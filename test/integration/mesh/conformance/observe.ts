import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { CodedError } from '#libs/contracts/errors.js';
import { waitFor } from '#test/support/wait.js';

/** What was received at one end of a flow, from now on. */
export interface Seen {
  bytes: number;
  /** SHA-256 of the bytes, once they have ended. */
  digest: string | null;
  ended: boolean;
  error: Error | null;
  closed: boolean;
  /** Bytes that came after the error: must stay zero. */
  bytesAfterError: number;
}

/** Reads (unless told not to) and records what happens. */
export function observe(flow: Duplex, read = true): Seen {
  const seen: Seen = { bytes: 0, digest: null, ended: false, error: null, closed: false, bytesAfterError: 0 };
  const hash = createHash('sha256');
  flow.on('error', (error) => {
    seen.error = error;
  });
  flow.on('end', () => {
    seen.ended = true;
    seen.digest = hash.digest('hex');
  });
  flow.on('close', () => {
    seen.closed = true;
  });
  if (read) {
    flow.on('data', (chunk: Buffer) => {
      seen.bytes += chunk.length;
      if (seen.error !== null) seen.bytesAfterError += chunk.length;
      hash.update(chunk);
    });
  }
  return seen;
}

export const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export const codeOf = (error: unknown): string =>
  error instanceof CodedError ? error.code : error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** The code of the error with which the work ends. */
export async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'no error', codeOf);
}

/** Waits for the flow's end, of any kind. */
export async function ending(seen: Seen, deadlineMs = 10_000): Promise<'end' | string> {
  await waitFor('the flow ends', () => seen.ended || seen.error !== null || seen.closed, deadlineMs);
  return seen.error !== null ? codeOf(seen.error) : seen.ended ? 'end' : 'closed without a word';
}
