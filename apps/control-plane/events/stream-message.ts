/** One message in the format of server-sent events. */
export interface StreamMessage {
  readonly event: string;
  /** Position of the log after it; null: it is not about the log. */
  readonly position: number | null;
  readonly text: string;
}

/** JSON contains no line breaks, so the data is one line. */
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
 * An event of the log: its position and the beginning of its hash. The hash covers everything before, so a reader of a
 * store that was restored and went on differently is recognised.
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

/** null: it is no id of this stream. */
export function parseEventId(text: string): EventId | null {
  const match = /^(0|[1-9][0-9]{0,14})-([0-9a-f]{12})$/.exec(text);
  return match === null ? null : { position: Number(match[1]), hashStart: match[2] ?? NO_HASH };
}
