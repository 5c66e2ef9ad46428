import { setTimeout as pause } from 'node:timers/promises';
import { JoinRefusedError, type LocalCredentials } from './control-plane-api.js';

export interface RenewalPorts {
  readonly renew: () => Promise<LocalCredentials>;
  readonly renewed: (credentials: LocalCredentials) => Promise<void>;
  readonly refused: (error: JoinRefusedError) => void;
  readonly failed: (error: unknown) => void;
  readonly now: () => Date;
}

/** The clock is looked at so often: the machine may have been suspended. */
const LOOK_EVERY_MS = 5_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/**
 * Renews half way to the end, and at once when the bus lets go: that is how a node hears that it was revoked. Ends
 * when the control plane refuses.
 */
export class Renewal {
  private readonly closing = new AbortController();
  private hurry = new AbortController();
  private isDue = false;
  private readonly running: Promise<void>;

  constructor(
    private credentials: LocalCredentials,
    private readonly ports: RenewalPorts,
  ) {
    this.running = this.run();
  }

  /** The credentials may not hold any more. */
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
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const { issuedAt, expiresAt } = this.credentials;
      const waitMs = (issuedAt.getTime() + expiresAt.getTime()) / 2 - this.ports.now().getTime();
      if (waitMs > 0 && !this.isDue) {
        this.hurry = new AbortController();
        await rest(Math.min(waitMs, LOOK_EVERY_MS), AbortSignal.any([signal, this.hurry.signal]));
        continue;
      }
      this.isDue = false;
      try {
        this.credentials = await this.ports.renew();
        if (signal.aborted) return;
        await this.ports.renewed(this.credentials);
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof JoinRefusedError) return this.ports.refused(error);
        this.ports.failed(error);
        this.isDue = true;
        await rest(retryMs, signal);
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    }
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return pause(ms, undefined, { signal }).catch(() => {});
}
