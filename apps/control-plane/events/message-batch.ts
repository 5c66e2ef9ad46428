import type { StreamMessage } from './stream-message.js';

/** Messages that go to many readers together, in order: their bytes are made once, whoever they are written to. */
export class MessageBatch {
  /** Of the log's events among them; null: there is none. */
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
