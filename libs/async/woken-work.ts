/**
 * Work that somebody wakes, one run at a time. Woken while it runs, it runs once more, also when it is just ending: no
 * wake-up is lost. `work` looks by itself for what there is to do, and never rejects.
 */
export class WokenWork {
  private running: Promise<void> | null = null;
  private woken = false;

  constructor(private readonly work: () => Promise<void>) {}

  wake(): void {
    this.woken = true;
    this.running ??= this.run();
  }

  /** Resolves when nothing runs: at once, or when the present run and those that it was woken for are over. */
  async idle(): Promise<void> {
    await this.running;
  }

  // Between the last look at `woken` and `running = null` nothing else can run: no await stands there.
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
