/**
 * A token bucket: fills at a steady rate up to a burst. Times are milliseconds of a monotonic clock, such as
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

  /** Takes this many tokens; false: there are fewer, and none was taken. */
  take(amount: number, nowMs: number): boolean {
    if (!this.has(amount, nowMs)) return false;
    this.tokens -= amount;
    return true;
  }

  /** Whether this many tokens are available. */
  has(amount: number, nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= amount;
  }

  /** Whether the bucket is full, and so the same as a new one. */
  isFull(nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens === this.burst;
  }

  private fill(nowMs: number): void {
    this.tokens = Math.min(this.burst, this.tokens + ((nowMs - this.filledAtMs) / 1_000) * this.perSecond);
    this.filledAtMs = nowMs;
  }
}
