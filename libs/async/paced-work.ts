/** The share of a core that the work may take. */
const MOST_SHARE = 1 / 5;

/**
 * Synchronous work that may be wanted at any time: carried out at once while it is cheap, and otherwise as often as a
 * fifth of a core allows. Whatever is wanted meanwhile is done by the next run. The work must not throw.
 */
export class PacedWork {
  private timer: NodeJS.Timeout | null = null;
  private restsUntilMs = Number.NEGATIVE_INFINITY;
  private closed = false;

  constructor(private readonly work: () => void) {}

  wake(): void {
    if (this.timer !== null || this.closed) return;
    const restMs = this.restsUntilMs - performance.now();
    if (restMs <= 0) this.run();
    else this.timer = setTimeout(() => this.run(), restMs);
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private run(): void {
    this.timer = null;
    const began = performance.now();
    this.work();
    const endedMs = performance.now();
    this.restsUntilMs = endedMs + (endedMs - began) * (1 / MOST_SHARE - 1);
  }
}
