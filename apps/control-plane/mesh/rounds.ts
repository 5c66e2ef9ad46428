import { EventEmitter, once } from 'node:events';
import { rest } from '#libs/async/rest.js';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** Without known work: a look now and then is cheap, and timers cannot be much longer. */
const LONGEST_PAUSE_MS = 3_600_000;

export interface Round {
  /** Does the work that is due; resolves with the milliseconds until there is more, null: none is known. */
  readonly run: () => Promise<number | null>;
  readonly onError: (error: unknown) => void;
}

/** Repeats one piece of work, never concurrently: on request, when due, and with growing pauses while it fails. */
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

  /** Starts a round, after the current one if one is running. */
  ask(): void {
    this.asked.resolve();
  }

  /** Resolves true at the end of a round, false if the signal is aborted or no round follows. */
  async ended(signal: AbortSignal): Promise<boolean> {
    try {
      await once(this.ends, 'ended', { signal: AbortSignal.any([signal, this.closing.signal]) });
      return true;
    } catch {
      return false;
    }
  }

  /** Resolves when no round is running; the owner has to end what a round waits for. */
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
