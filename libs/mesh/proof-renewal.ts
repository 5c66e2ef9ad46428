/** So long before a certificate expires both ends are shown newer ones; certificates are renewed well before that. */
const LEAD_MS = 60_000;
/** Nearer than this to the end there is no further attempt. */
const SHORTEST_MS = 200;
/** setTimeout takes no longer one. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls for a new proof of identity a minute before the last one ends, or half way there when it ends sooner; again
 * after half of what is then left, as long as nothing newer was scheduled.
 */
export class ProofRenewal {
  private timer: NodeJS.Timeout | undefined;
  private until = 0;

  constructor(private readonly renew: () => Promise<void>) {}

  /** `until`: milliseconds since the epoch. */
  schedule(until: number): void {
    clearTimeout(this.timer);
    this.until = until;
    const left = until - Date.now();
    if (left < SHORTEST_MS) return;
    const wait = left - Math.min(LEAD_MS, left / 2);
    this.timer = setTimeout(() => void this.due(), Math.min(wait, MAX_TIMER_MS));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.until = 0;
  }

  private async due(): Promise<void> {
    const until = this.until;
    if (until - Date.now() > LEAD_MS) return this.schedule(until); // the timer was cut short
    await this.renew();
    if (this.until === until) this.schedule(until);
  }
}
