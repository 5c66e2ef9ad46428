/**
 * Fills at a steady rate up to a burst. Times are milliseconds of a clock that never goes back, such as
 * performance.now().
 */
export class TokenBucket {
  private tokens: number;
  private filledAtMs: number;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    nowMs: number,
  ) {
    this.tokens = burst;
    this.filledAtMs = nowMs;
  }

  /** Takes so many tokens; false: there are fewer, and none was taken. */
  take(amount: number, nowMs: number): boolean {
    if (!this.has(amount, nowMs)) return false;
    this.tokens -= amount;
    return true;
  }

  /** Whether so many tokens could be taken. */
  has(amount: number, nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= amount;
  }

  /** Whether nothing was taken for so long that a new bucket would be the same. */
  isFull(nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens === this.burst;
  }

  private fill(nowMs: number): void {
    this.tokens = Math.min(this.burst, this.tokens + ((nowMs - this.filledAtMs) / 1_000) * this.perSecond);
    this.filledAtMs = nowMs;
  }
}
