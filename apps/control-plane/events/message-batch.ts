import type { StreamMessage } from './stream-message.js';

/** Messages in order for many readers, encoded once for all. */
export class MessageBatch {
  /** The first position of the log's events in it; null: it has none. */
  readonly firstPosition: number | null;
  readonly lastPosition: number | null;
  private encoded: Buffer | null = null;

  constructor(readonly messages: readonly StreamMessage[]) {
    this.firstPosition = messages.find(({ position }) => position !== null)?.position ?? null;
    this.lastPosition = messages.findLast(({ position }) => position !== null)?.position ?? null;
  }

  get bytes(): Buffer {
    this.encoded ??= Buffer.from(this.messages.map(({ text }) => text).join(''), 'utf8');
    return this.encoded;
  }
}
