import { CodedError } from '#libs/contracts/errors.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';

/** The first event of a stream that this program cannot read; everything after it in the stream is unknown here. */
export interface UnreadableEvent {
  readonly streamId: string;
  /** Position in the whole log. */
  readonly position: number;
  /** Version in its stream. */
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly message: string;
  readonly remedy: string | null;
}

export function unreadableEvent(stored: StoredEvent, { message, remedy }: CodedError): UnreadableEvent {
  const { streamId, position, streamVersion, type, schemaVersion } = stored;
  return { streamId, position, version: streamVersion, type, schemaVersion, message, remedy };
}

/** A stream cannot be read to its end, usually because a newer release wrote to it, so nothing is decided on it. */
export class StreamUnreadableError extends CodedError {
  /** `title`: what people call the stream. */
  constructor(title: string, { position, version, message, remedy }: UnreadableEvent) {
    super(
      'STREAM_UNREADABLE',
      `${title} cannot be read from its version ${version} on (position ${position} of the log): ${message}`,
      remedy ?? 'run the release that wrote it, or a later one',
    );
  }
}
