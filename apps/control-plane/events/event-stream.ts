import type { ServerResponse } from 'node:http';
import { MessageBatch } from './message-batch.js';
import type { StreamMessage } from './stream-message.js';

/** Unread bytes of one reader, besides those in its connection's buffer. */
export const MOST_UNREAD_BYTES = 1_024 * 1_024;

/**
 * One reader. While it gets what it missed, new messages wait; then they are written as they come. A reader that does
 * not read is disconnected: when it comes back, it resumes, or is told to ask for everything again.
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

  /** Called with messages for all readers. */
  take(batch: MessageBatch): void {
    if (this.waiting === null) {
      this.write(batch);
      return;
    }
    this.waiting.push(batch);
    this.waitingBytes += batch.bytes.length;
    if (this.waitingBytes > MOST_UNREAD_BYTES) this.giveUp();
  }

  /** Written before everything that waits. */
  tell(messages: readonly StreamMessage[]): void {
    this.write(new MessageBatch(messages));
  }

  /** The reader knows the log up to here, or was told that it does not. */
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

  /** The same bytes for every reader, unless this one was sent a part of them before. */
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
    // Otherwise unread bytes would keep the connection open.
    this.response.destroy();
  }
}
