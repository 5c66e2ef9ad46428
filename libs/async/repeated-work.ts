/**
 * Does a piece of work at an interval, never twice at once: an interval that ends while the work still goes on is left
 * out. An error is handed to `failed`, and the work is done again at the next interval.
 */
export class RepeatedWork {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly everyMs: number,
    private readonly failed: (error: unknown) => void,
  ) {}

  start(): void {
    this.timer ??= setInterval(() => {
      this.running ??= this.once();
    }, this.everyMs);
  }

  /** No work begins any more; resolves when what had begun is over. */
  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await this.running;
  }

  private async once(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      this.failed(error);
    } finally {
      this.running = null;
    }
  }
}
