/**
 * Runs `work` when woken, one run at a time. A wake-up during a run causes another run afterwards, so none is lost.
 * `work` finds out itself what there is to do, and must never reject.
 */
export class WokenWork {
  private running: Promise<void> | null = null;
  private woken = false;

  constructor(private readonly work: () => Promise<void>) {}

  wake(): void {
    this.woken = true;
    this.running ??= this.run();
  }

  /** Resolves when nothing runs: at once, or after the current run and those it was woken for. */
  async idle(): Promise<void> {
    await this.running;
  }

  // No await stands between the last check of `woken` and `running = null`, so no wake-up can come in between.
  private async run(): Promise<void> {
    try {
      while (this.woken) {
        this.woken = false;
        await this.work();
      }
    } finally {
      this.running = null;
    }
  }
}
