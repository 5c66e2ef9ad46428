import { MessageBatch } from './message-batch.js';
import type { StreamMessage } from './stream-message.js';

/** What comes within this time of what was handed on last waits for its end. */
const SHORTEST_WINDOW_MS = 50;
const LONGEST_WINDOW_MS = 250;
/** The window grows with what handing on takes, which with many readers on a busy machine is tens of milliseconds. */
const WINDOW_PER_MS_TAKEN = 10;

/**
 * Hands messages on: one that comes after a pause at once, and those that follow it closely together, so that many
 * changes cost each reader few writes, and all readers together at most a tenth of the time. Their order stays.
 */
export class GatheredMessages {
  private waiting: StreamMessage[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly handOn: (batch: MessageBatch) => void) {}

  take(message: StreamMessage): void {
    this.waiting.push(message);
    if (this.timer === null) this.flush();
  }

  /** Hands on what waits. */
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
