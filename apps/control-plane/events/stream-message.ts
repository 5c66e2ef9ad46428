/** One message of the stream, as the standard of server-sent events writes it. */
export interface StreamMessage {
  readonly event: string;
  /** Where the log is after it; null: it is not about the log. */
  readonly position: number | null;
  readonly text: string;
}

/** JSON has no line breaks of its own, so that the data is one line. */
export function streamMessage(event: string, data: object): StreamMessage {
  return { event, position: null, text: `event: ${event}\ndata: ${JSON.stringify(data)}\n\n` };
}

export function logMessage(event: string, id: EventId, data: object): StreamMessage {
  return {
    event,
    position: id.position,
    text: `event: ${event}\nid: ${formatEventId(id)}\ndata: ${JSON.stringify(data)}\n\n`,
  };
}

/**
 * An event of the log by its position and by how its hash begins: the hash covers everything before it, so that a store
 * that was restored and went on differently is told from the one that the reader knew.
 */
export interface EventId {
  readonly position: number;
  readonly hashStart: string;
}

const HASH_CHARACTERS = 12;
const NO_HASH = '0'.repeat(HASH_CHARACTERS);

export function eventId({ position, hash }: { readonly position: number; readonly hash: string | null }): EventId {
  return { position, hashStart: hash?.slice(0, HASH_CHARACTERS) ?? NO_HASH };
}

function formatEventId({ position, hashStart }: EventId): string {
  return `${position}-${hashStart}`;
}

/** null: not an id of this stream. */
export function parseEventId(text: string): EventId | null {
  const match = /^(0|[1-9][0-9]{0,14})-([0-9a-f]{12})$/.exec(text);
  return match === null ? null : { position: Number(match[1]), hashStart: match[2] ?? NO_HASH };
}
