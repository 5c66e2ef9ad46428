/** How long a delivery may be unanswered before a newer value replaces it. */
const SUPERSEDE_AFTER_MS = 250;

export interface LaneSettings<T> {
  /** Resolves when the other side answered; rejects with the signal's reason when that is aborted. */
  readonly send: (value: T, signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown, value: T) => void;
  readonly now: () => number;
}

/**
 * Delivers the newest of a sequence of values to one receiver, one at a time. A value that waits too long for its
 * answer is replaced by a newer one; values in between are never sent. Lanes do not block each other.
 */
export class DeliveryLane<T> {
  private next: { readonly value: T } | null = null;
  private current: { readonly startedAt: number; readonly abort: AbortController } | null = null;
  private closed = false;
  private running: Promise<void> | null = null;
  private supersede: NodeJS.Timeout | null = null;

  constructor(private readonly settings: LaneSettings<T>) {}

  /** True while something is being delivered or waits. */
  get busy(): boolean {
    return this.running !== null;
  }

  offer(value: T): void {
    if (this.closed) return;
    this.next = { value };
    if (this.running === null) {
      this.running = this.run().finally(() => {
        this.running = null;
        const waiting = this.next;
        if (waiting !== null) this.offer(waiting.value);
      });
      return;
    }
    this.supersedeLater();
  }

  /** Restarts the current delivery, because the receiver is known to be reachable now. */
  hasten(): void {
    this.current?.abort.abort(new RestartedError());
  }

  async close(): Promise<void> {
    this.closed = true;
    this.next = null;
    this.current?.abort.abort(new RestartedError());
    await this.running;
  }

  private supersedeLater(): void {
    const current = this.current;
    if (current === null || this.supersede !== null) return;
    const delay = Math.max(0, current.startedAt + SUPERSEDE_AFTER_MS - this.settings.now());
    this.supersede = setTimeout(() => current.abort.abort(new RestartedError()), delay);
  }

  private async run(): Promise<void> {
    while (this.next !== null) {
      const { value } = this.next;
      this.next = null;
      const abort = new AbortController();
      this.current = { startedAt: this.settings.now(), abort };
      try {
        await this.settings.send(value, abort.signal);
      } catch (error) {
        if (!abort.signal.aborted) this.settings.onError(error, value);
        else if (!this.closed) this.next ??= { value };
      } finally {
        this.current = null;
        if (this.supersede !== null) clearTimeout(this.supersede);
        this.supersede = null;
      }
    }
  }
}

/** Ends an attempt, not the delivery. */
class RestartedError extends Error {}
