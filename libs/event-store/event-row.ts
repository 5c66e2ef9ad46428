import type { ChainedEvent } from '#libs/audit/chain-walk.js';
import type { StoredEvent } from './event-store.js';

/** One row of events: the server's text of each column, in the order of EVENT_COLUMNS. */
export type EventRowText = readonly (string | null)[];

const EMPTY_METADATA: StoredEvent['metadata'] = Object.freeze({});

/** Throws a SyntaxError if a json column does not contain JSON, which its type rules out. */
export function parseEventRow(row: EventRowText): StoredEvent {
  const metadata = text(row, 6);
  return {
    position: Number(row[0]),
    streamId: text(row, 1),
    streamVersion: Number(row[2]),
    type: text(row, 3),
    schemaVersion: Number(row[4]),
    data: JSON.parse(text(row, 5)),
    metadata: metadata === '{}' ? EMPTY_METADATA : JSON.parse(metadata),
    actor: text(row, 7),
    commandId: text(row, 8),
    correlationId: text(row, 9),
    causationId: row[10] ?? null,
    recordedAt: parseTimestamp(text(row, 11)),
    previousHash: text(row, 12),
    hash: text(row, 13),
  };
}

/** The event as it is hashed, and its place in the chain as it is stored. */
export function parseChainedEvent(row: EventRowText): ChainedEvent {
  return {
    position: Number(row[0]),
    streamId: text(row, 1),
    streamVersion: Number(row[2]),
    type: text(row, 3),
    schemaVersion: Number(row[4]),
    dataText: text(row, 5),
    metadataText: text(row, 6),
    actor: text(row, 7),
    commandId: text(row, 8),
    correlationId: text(row, 9),
    causationId: row[10] ?? null,
    recordedAt: parseTimestamp(text(row, 11)),
    previousHash: text(row, 12),
    hash: text(row, 13),
  };
}

/** Converts `2026-01-31 10:20:30.12+00`, as the server prints it in UTC, to RFC 3339 with milliseconds. */
export function parseTimestamp(printed: string): string {
  const fraction = printed.slice(20, printed.length - 3);
  return `${printed.slice(0, 10)}T${printed.slice(11, 19)}.${fraction.padEnd(3, '0')}Z`;
}

function text(row: EventRowText, column: number): string {
  return row[column] ?? '';
}
