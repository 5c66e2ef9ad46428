import { BusTimeoutError, BusUnavailableError } from './errors.js';

const ATTEMPT_TIMEOUT_MS = 1_000;
/**
 * How long an answer to an earlier attempt counts. The other end may have been stopped, or may have waited for its
 * database or for others: what it says then must not be lost because the next attempt is seconds away.
 */
const ANSWERED_LATE_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

export interface RequestPorts {
  /** Sends the request once. */
  readonly attempt: (timeoutMs: number) => Promise<unknown>;
  /** Whether this end is closing, so that no attempt can succeed any more. */
  readonly isClosing: () => boolean;
  /** Calls its argument when the next attempt may be made. Absent: at once. */
  readonly inTurn?: (attempt: () => Promise<void>) => Promise<void>;
}

/**
 * One request that is repeated until it is answered. A control plane has a thousand of them under way, so that a pause
 * is a plain timer: one that an AbortSignal ends makes an error each time.
 */
export class RepeatedRequest {
  private readonly answer = Promise.withResolvers<unknown>();
  private isOver = false;
  private pauseMs = FIRST_PAUSE_MS;
  private endPause: (() => void) | null = null;
  private endRest: (() => void) | null = null;

  constructor(private readonly ports: RequestPorts) {}

  /** Error: the signal's reason, or that of an attempt which a repetition cannot mend. */
  async answered(signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const giveUp = (): void => this.answer.reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    this.repeat().catch(this.answer.reject);
    try {
      return await this.answer.promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.isOver = true;
      this.endPause?.();
    }
  }

  /** The other end may be reachable now: makes the next attempt at once, unless one is under way. */
  hurry(): void {
    this.pauseMs = FIRST_PAUSE_MS;
    this.endRest?.();
  }

  private async repeat(): Promise<void> {
    const { inTurn = (attempt) => attempt() } = this.ports;
    while (!this.isOver) {
      await inTurn(() => this.attempt());
      if (this.isOver) return;
      const rest = this.pause(this.pauseMs);
      this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
      this.endRest = this.endPause;
      await rest;
      this.endRest = null;
    }
  }

  /** Resolves when the attempt has failed, or has had its time. */
  private async attempt(): Promise<void> {
    if (this.isOver) return;
    const pause = this.pause(ATTEMPT_TIMEOUT_MS);
    const { endPause } = this;
    this.ports.attempt(ANSWERED_LATE_MS).then(this.answer.resolve, (error: unknown) => {
      const mayAskAgain = error instanceof BusTimeoutError || error instanceof BusUnavailableError;
      if (!mayAskAgain || this.ports.isClosing()) this.answer.reject(error);
      endPause?.();
    });
    await pause;
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        if (this.endPause === end) this.endPause = null;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.endPause = end;
    });
  }
}
