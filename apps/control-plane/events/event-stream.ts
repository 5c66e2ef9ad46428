import type { ServerResponse } from 'node:http';
import { MessageBatch } from './message-batch.js';
import type { StreamMessage } from './stream-message.js';

/** What a reader leaves unread beyond what its connection holds. */
export const MOST_UNREAD_BYTES = 1_024 * 1_024;

/**
 * One reader. While it is given what it missed, what comes meanwhile waits; then messages are written as they come. A
 * reader that does not read is ended: it comes back, and is told from where it was, or that it has to ask anew.
 */
export class EventStream {
  private waiting: MessageBatch[] | null = [];
  private waitingBytes = 0;
  private toldPosition = 0;
  private isEnded = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly wasTooSlow: () => void,
  ) {
    response.once('close', () => {
      this.isEnded = true;
    });
  }

  /** Called for what goes to all. */
  take(batch: MessageBatch): void {
    if (this.waiting === null) {
      this.write(batch);
      return;
    }
    this.waiting.push(batch);
    this.waitingBytes += batch.bytes.length;
    if (this.waitingBytes > MOST_UNREAD_BYTES) this.giveUp();
  }

  /** Goes before everything that waits. */
  tell(messages: readonly StreamMessage[]): void {
    this.write(new MessageBatch(messages));
  }

  /** Up to here the reader knows the log, or was told that it does not. */
  knowsUpTo(position: number): void {
    this.toldPosition = position;
  }

  /** From now on messages are written as they come. */
  goLive(): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const batch of waiting) this.write(batch);
  }

  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.response.end();
  }

  /** The same bytes as to every other reader, unless this one was told a part of them before. */
  private write(batch: MessageBatch): void {
    if (this.isEnded) return;
    const { bytes } = this.unknownOf(batch);
    this.toldPosition = batch.lastPosition ?? this.toldPosition;
    if (bytes.length === 0) return;
    this.response.write(bytes);
    if (this.response.writableLength > MOST_UNREAD_BYTES) this.giveUp();
  }

  private unknownOf(batch: MessageBatch): MessageBatch {
    const { firstPosition } = batch;
    if (firstPosition === null || firstPosition > this.toldPosition) return batch;
    return new MessageBatch(batch.messages.filter(({ position }) => position === null || position > this.toldPosition));
  }

  private giveUp(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.wasTooSlow();
    // What it has not read yet would keep the connection open.
    this.response.destroy();
  }
}
