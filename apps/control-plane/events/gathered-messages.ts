import { MessageBatch } from './message-batch.js';
import type { StreamMessage } from './stream-message.js';

/** Messages that come within this time after the last write wait for its end. */
const SHORTEST_WINDOW_MS = 50;
const LONGEST_WINDOW_MS = 250;
/** The window grows with the time a write takes, which is tens of milliseconds with many readers on a busy machine. */
const WINDOW_PER_MS_TAKEN = 10;

/**
 * Combines messages: one after a pause is passed on at once, those that follow closely are passed on together. So many
 * changes cause few writes per reader, and writing takes at most a tenth of the time. The order is kept.
 */
export class GatheredMessages {
  private waiting: StreamMessage[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly handOn: (batch: MessageBatch) => void) {}

  take(message: StreamMessage): void {
    this.waiting.push(message);
    if (this.timer === null) this.flush();
  }

  /** Passes on what waits. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting.length === 0) return;
    const batch = new MessageBatch(this.waiting);
    this.waiting = [];
    const began = performance.now();
    this.handOn(batch);
    const windowMs = Math.max(SHORTEST_WINDOW_MS, WINDOW_PER_MS_TAKEN * (performance.now() - began));
    this.timer = setTimeout(() => this.flush(), Math.min(windowMs, LONGEST_WINDOW_MS));
    this.timer.unref();
  }
}
