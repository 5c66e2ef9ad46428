import { hash } from 'node:crypto';

/** All fields of a stored event that its hash covers; data and metadata as the stored text. */
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

/** The previous hash of the first event. */
export const GENESIS_HASH = '0'.repeat(64);

/**
 * SHA-256 in hexadecimal over a JSON array of the previous hash and all fields in the order above. JSON quotes each
 * text, so different events never have the same input.
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
