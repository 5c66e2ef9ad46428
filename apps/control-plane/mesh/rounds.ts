import { EventEmitter, once } from 'node:events';
import { rest } from '#libs/async/rest.js';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** Nothing is due: a look now and then costs nothing, and longer timers do not exist. */
const LONGEST_PAUSE_MS = 3_600_000;

export interface Round {
  /** Does what there is to do; resolves with the milliseconds until there is more, null: nothing is known of. */
  readonly run: () => Promise<number | null>;
  readonly onError: (error: unknown) => void;
}

/**
 * One thing done over and over, never twice at once: when asked for, when due, and with growing pauses while it fails.
 */
export class Rounds {
  private readonly closing = new AbortController();
  private readonly ends = new EventEmitter().setMaxListeners(0);
  private asked = Promise.withResolvers<void>();
  private failures = 0;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly round: Round) {}

  start(): void {
    this.running = this.repeat();
  }

  /** A round begins after this, also when one is under way. */
  ask(): void {
    this.asked.resolve();
  }

  /** Resolves with true at the end of a round, with false when the signal aborts or there is no next one. */
  async ended(signal: AbortSignal): Promise<boolean> {
    try {
      await once(this.ends, 'ended', { signal: AbortSignal.any([signal, this.closing.signal]) });
      return true;
    } catch {
      return false;
    }
  }

  /** Resolves when no round is under way; what a round waits for has to be ended by its owner. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async repeat(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      this.asked = Promise.withResolvers();
      const pauseMs = await this.once();
      this.ends.emit('ended');
      const waiting = new AbortController();
      const due = rest(pauseMs, AbortSignal.any([signal, waiting.signal]));
      await Promise.race([this.asked.promise, due]);
      waiting.abort();
    }
  }

  private async once(): Promise<number> {
    try {
      const pauseMs = await this.round.run();
      this.failures = 0;
      return Math.min(Math.max(pauseMs ?? LONGEST_PAUSE_MS, 0), LONGEST_PAUSE_MS);
    } catch (error) {
      if (!this.closing.signal.aborted) this.round.onError(error);
      this.failures += 1;
      return Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), LAST_RETRY_MS);
    }
  }
}
