/** Both ends show newer certificates this long before one expires; certificates are renewed well before that. */
const LEAD_MS = 60_000;
/** With less time left than this, no further attempt is made. */
const SHORTEST_MS = 200;
/** setTimeout accepts no longer delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Asks for a new proof of identity a minute before the current one expires, or half way there if it expires sooner. If
 * no newer one is scheduled, asks again after half of the time that is left.
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
    if (until - Date.now() > LEAD_MS) return this.schedule(until); // the timer was cut to MAX_TIMER_MS
    await this.renew();
    if (this.until === until) this.schedule(until);
  }
}
