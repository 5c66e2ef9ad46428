import type { ServerResponse } from 'node:http';
import type { StreamMessage } from './stream-message.js';

/** What a reader leaves unread beyond what its connection holds. */
export const MOST_UNREAD_BYTES = 1_024 * 1_024;

/**
 * One reader. While it is given what it missed, what comes meanwhile waits; then each message is written at once. A reader
 * that does not read is ended: it comes back, and is told from where it was, or that it has to ask anew.
 */
export class EventStream {
  private waiting: StreamMessage[] | null = [];
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

  /** Called for each message to all. */
  take(message: StreamMessage): void {
    if (this.waiting === null) {
      this.write(message);
      return;
    }
    this.waiting.push(message);
    this.waitingBytes += message.text.length;
    if (this.waitingBytes > MOST_UNREAD_BYTES) this.giveUp();
  }

  /** Goes before everything that waits. */
  tell(message: StreamMessage): void {
    this.write(message);
  }

  /** Up to here the reader knows the log, or was told that it does not. */
  knowsUpTo(position: number): void {
    this.toldPosition = position;
  }

  /** From now on messages are written as they come. */
  goLive(): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const message of waiting) this.write(message);
  }

  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.response.end();
  }

  private write({ position, text }: StreamMessage): void {
    if (this.isEnded || (position !== null && position <= this.toldPosition)) return;
    if (position !== null) this.toldPosition = position;
    this.response.write(text);
    if (this.response.writableLength > MOST_UNREAD_BYTES) this.giveUp();
  }

  private giveUp(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.wasTooSlow();
    // What it has not read yet would keep the connection open.
    this.response.destroy();
  }
}
