/**
 * Runs `work` when it is woken, one run at a time. If it is woken during a run, another run follows, even if the
 * present one is just ending: no wake-up is lost. `work` looks for what there is to do by itself, and must never
 * reject.
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
