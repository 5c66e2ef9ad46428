import { hash } from 'node:crypto';

/** Everything of a stored event that its hash covers, data and metadata as the text that is stored. */
export interface HashedFields {
  readonly position: number;
  readonly streamId: string;
  readonly streamVersion: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly dataText: string;
  readonly metadataText: string;
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  /** RFC 3339 in UTC with milliseconds. */
  readonly recordedAt: string;
}

/** What the first event names as its predecessor. */
export const GENESIS_HASH = '0'.repeat(64);

/**
 * SHA-256, hexadecimal, over the JSON array of the previous hash and all fields in the order above. JSON quotes
 * each text, so that no two different events have the same input.
 */
export function eventHash(previousHash: string, event: HashedFields): string {
  const hashed = JSON.stringify([
    previousHash,
    event.position,
    event.streamId,
    event.streamVersion,
    event.type,
    event.schemaVersion,
    event.dataText,
    event.metadataText,
    event.actor,
    event.commandId,
    event.correlationId,
    event.causationId,
    event.recordedAt,
  ]);
  return hash('sha256', hashed, 'hex');
}
