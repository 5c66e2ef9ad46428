import { rest } from '#libs/async/rest.js';
import type { MemberCredentials } from './credentials.js';

type Lifetime = Pick<MemberCredentials, 'issuedAt' | 'expiresAt'>;

export interface RenewalPorts<C extends Lifetime> {
  /** Each call is one attempt. */
  readonly renew: (current: C, signal: AbortSignal) => Promise<C>;
  readonly renewed: (credentials: C) => Promise<void>;
  /** Called when an attempt failed; returns whether to try again. */
  readonly failed: (error: unknown) => 'try again' | 'give up';
  readonly now: () => Date;
}

/** When a member tries again. */
export interface RenewalPace {
  /** How often the clock is read, because the machine may have been suspended. */
  readonly lookEveryMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

/** When to renew: half way to the expiry, so that an outage of the control plane for the other half does no harm. */
export function renewalTime({ issuedAt, expiresAt }: Lifetime): Date {
  return new Date((issuedAt.getTime() + expiresAt.getTime()) / 2);
}

/** Renews credentials half way to their expiry, or earlier on request, and tries again until it succeeds. */
export class Renewal<C extends Lifetime> {
  private readonly closing = new AbortController();
  private hurry = new AbortController();
  private isDue = false;
  private readonly running: Promise<void>;

  constructor(
    private credentials: C,
    private readonly pace: RenewalPace,
    private readonly ports: RenewalPorts<C>,
  ) {
    this.running = this.run();
  }

  /** Renews now: the credentials may be void, or name a bus that has moved. */
  now(): void {
    this.isDue = true;
    this.hurry.abort();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    const { lookEveryMs, firstRetryMs, longestRetryMs } = this.pace;
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      const waitMs = renewalTime(this.credentials).getTime() - this.ports.now().getTime();
      if (waitMs > 0 && !this.isDue) {
        await this.rest(Math.min(waitMs, lookEveryMs));
        continue;
      }
      this.isDue = false;
      try {
        this.credentials = await this.ports.renew(this.credentials, signal);
        if (signal.aborted) return;
        await this.ports.renewed(this.credentials);
        retryMs = firstRetryMs;
      } catch (error) {
        if (signal.aborted || this.ports.failed(error) === 'give up') return;
        this.isDue = true;
        await this.rest(retryMs);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
  }
  /** Ends early when a renewal is requested. */
  private rest(milliseconds: number): Promise<void> {
    this.hurry = new AbortController();
    return rest(milliseconds, AbortSignal.any([this.closing.signal, this.hurry.signal]));
  }
}
