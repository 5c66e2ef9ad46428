import type { StoredEvent, Subscription } from './event-store.js';

const FIRST_PAUSE_MS = 50;
/** A database that was away for long is followed again within a second. */
const LONGEST_PAUSE_MS = 1_000;

export interface LogSubscriptionSettings {
  readonly after: number;
  readonly batchSize: number;
  /** The longest that a lost notification can delay an event. */
  readonly pollIntervalMs: number;
  readonly read: (after: number, limit: number) => Promise<readonly StoredEvent[]>;
  readonly handle: (events: readonly StoredEvent[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Registers a function to be called when there may be news; returns how to stop. */
  readonly listen: (wake: () => void) => () => void;
}

/** Follows the log from a position: each batch is handed over until its handler succeeds, then the next is read. */
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
        const delivered = await this.deliverNext();
        retryMs = FIRST_PAUSE_MS;
        if (!delivered && !this.news && !this.closed) await this.pause(this.settings.pollIntervalMs);
      } catch (error) {
        this.settings.onError(error);
        if (!this.closed) await this.pause(retryMs);
        retryMs = Math.min(retryMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  private async deliverNext(): Promise<boolean> {
    const events = await this.settings.read(this.position, this.settings.batchSize);
    const last = events.at(-1);
    if (last === undefined || this.closed) return false;
    await this.settings.handle(events);
    this.position = last.position;
    return true;
  }

  /** Until the time is up, there is news, or the subscription is closed. */
  private async pause(ms: number): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const timer = setTimeout(ended.resolve, ms);
    this.endPause = ended.resolve;
    await ended.promise;
    clearTimeout(timer);
    this.endPause = () => {};
  }
}
