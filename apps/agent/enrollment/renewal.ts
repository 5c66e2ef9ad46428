import { setTimeout as pause } from 'node:timers/promises';
import { type AgentCredentials, renewalTime } from './credentials.js';

export interface RenewalPorts {
  readonly renew: (current: AgentCredentials, signal: AbortSignal) => Promise<AgentCredentials>;
  readonly renewed: (credentials: AgentCredentials) => Promise<void>;
  readonly failed: (error: unknown) => void;
  readonly now: () => Date;
  /** Nothing was reached with the credentials for so long that others may help: the bus may be elsewhere by now. */
  readonly isCutOff: () => boolean;
}

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;
/** The clock is looked at so often: a host may have been suspended, or be cut off. */
const LOOK_EVERY_MS = 10_000;

/** Renews credentials half way to their end, and when they lead nowhere, for as long as the agent runs. */
export class Renewal {
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;

  constructor(
    private credentials: AgentCredentials,
    private readonly ports: RenewalPorts,
  ) {
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const waitMs = renewalTime(this.credentials).getTime() - this.ports.now().getTime();
      if (waitMs > 0 && !this.ports.isCutOff()) {
        await rest(Math.min(waitMs, LOOK_EVERY_MS), signal);
        continue;
      }
      try {
        this.credentials = await this.ports.renew(this.credentials, signal);
        await this.ports.renewed(this.credentials);
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.ports.failed(error);
        await rest(retryMs, signal);
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    }
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return pause(ms, undefined, { signal }).catch(() => {});
}
