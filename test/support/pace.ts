/** A call that takes longer is aborted, and counts as taking this long. */
const LOST_AFTER_MS = 2_000;

/**
 * Makes calls at a steady pace, and reports for each how long it took from the moment at which it was due, in
 * milliseconds. While `mostUnderWay` calls have not ended it makes none, so that a machine that cannot keep the pace is
 * not overloaded.
 */
export class Pace {
  private timer: NodeJS.Timeout | null = null;
  private dueMs = 0;
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly everyMs: number,
    private readonly mostUnderWay: number,
    private readonly call: (lost: AbortSignal) => Promise<unknown>,
    private readonly took: (milliseconds: number) => void,
  ) {}

  go(): void {
    this.dueMs = performance.now();
    this.timer = setInterval(() => this.catchUp(), 1);
  }

  /** Makes no more calls, and resolves when those in progress have ended. */
  async halt(): Promise<void> {
    clearInterval(this.timer ?? undefined);
    await Promise.all(this.underWay);
  }

  private catchUp(): void {
    for (; this.dueMs <= performance.now(); this.dueMs += this.everyMs) {
      if (this.underWay.size >= this.mostUnderWay) continue;
      const timed = this.timed(this.dueMs).finally(() => this.underWay.delete(timed));
      this.underWay.add(timed);
    }
  }

  private async timed(dueMs: number): Promise<void> {
    await this.call(AbortSignal.timeout(LOST_AFTER_MS)).catch(() => undefined);
    this.took(performance.now() - dueMs);
  }
}
