import { rest } from '#libs/async/rest.js';
import type { MemberCredentials } from './credentials.js';

type Lifetime = Pick<MemberCredentials, 'issuedAt' | 'expiresAt'>;

export interface RenewalPorts<C extends Lifetime> {
  /** One attempt. */
  readonly renew: (current: C, signal: AbortSignal) => Promise<C>;
  readonly renewed: (credentials: C) => Promise<void>;
  /** An attempt failed; whether to try again. */
  readonly failed: (error: unknown) => 'try again' | 'give up';
  readonly now: () => Date;
}

/** When a member tries again. */
export interface RenewalPace {
  /** The clock is looked at so often: the machine may have been suspended. */
  readonly lookEveryMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

/** When to renew: half way, so that a control plane that is away for as long again costs nothing. */
export function renewalTime({ issuedAt, expiresAt }: Lifetime): Date {
  return new Date((issuedAt.getTime() + expiresAt.getTime()) / 2);
}

/** Renews credentials half way to their end, or earlier when told to, and tries again until it succeeds. */
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

  /** Renews now instead of half way: the credentials may be void, or name a bus that has moved. */
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
  /** Ends early when somebody is told to renew now. */
  private rest(milliseconds: number): Promise<void> {
    this.hurry = new AbortController();
    return rest(milliseconds, AbortSignal.any([this.closing.signal, this.hurry.signal]));
  }
}
