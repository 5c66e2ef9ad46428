import type { StoredEvent, Subscription } from './event-store.js';

const FIRST_PAUSE_MS = 50;
/** After a long outage of the database, the log is followed again within a second. */
const LONGEST_PAUSE_MS = 1_000;

export interface LogSubscriptionSettings {
  readonly after: number;
  readonly batchSize: number;
  /** The longest delay of an event whose notification was lost. */
  readonly pollIntervalMs: number;
  readonly read: (after: number, limit: number) => Promise<readonly StoredEvent[]>;
  readonly handle: (events: readonly StoredEvent[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Registers a function that is called when there may be new events; returns a function that removes it. */
  readonly listen: (wake: () => void) => () => void;
}

/**
 * Follows the log from a position. Each batch is passed to the handler until it succeeds, then the next one is read.
 */
export class LogSubscription implements Subscription {
  private readonly running: Promise<void>;
  private readonly stopListening: () => void;
  private position: number;
  private closed = false;
  private news = true;
  private endPause: () => void = () => {};

  constructor(private readonly settings: LogSubscriptionSettings) {
    this.position = settings.after;
    this.stopListening = settings.listen(() => {
      this.news = true;
      this.endPause();
    });
    this.running = this.follow();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopListening();
    this.endPause();
    await this.running;
  }

  private async follow(): Promise<void> {
    let retryMs = FIRST_PAUSE_MS;
    while (!this.closed) {
      try {
        this.news = false;
        const mayBeMore = await this.deliverNext();
        retryMs = FIRST_PAUSE_MS;
        if (!mayBeMore && !this.news && !this.closed) await this.pause(this.settings.pollIntervalMs);
      } catch (error) {
        this.settings.onError(error);
        if (!this.closed) await this.pause(retryMs);
        retryMs = Math.min(retryMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Whether the log may hold more than was read: fewer events than were asked for are all of them. */
  private async deliverNext(): Promise<boolean> {
    const { read, handle, batchSize } = this.settings;
    const events = await read(this.position, batchSize);
    const last = events.at(-1);
    if (last === undefined || this.closed) return false;
    await handle(events);
    this.position = last.position;
    return events.length === batchSize;
  }

  /** Waits until the time is up, new events may exist, or the subscription is closed. */
  private async pause(ms: number): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const timer = setTimeout(ended.resolve, ms);
    this.endPause = ended.resolve;
    await ended.promise;
    clearTimeout(timer);
    this.endPause = () => {};
  }
}
