export interface OccurrencesSettings {
  /** How many of one name are told one by one in each period. */
  readonly toldEach: number;
  readonly periodMs: number;
  /**
   * Called at the end of a period for each name that occurred more often than it was told; `untold`: how often more.
   */
  readonly summarise: (name: string, untold: number) => void;
}

/**
 * Keeps a log short: of what occurs again and again under one name, the first few in a period are told one by one, and
 * the number of the others once, when the period is over.
 */
export class Occurrences {
  private readonly counts = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly settings: OccurrencesSettings) {}

  /** Counts one, or `more`; true: it is to be told. */
  add(name: string, more = 1): boolean {
    const count = (this.counts.get(name) ?? 0) + more;
    this.counts.set(name, count);
    if (this.timer === null) {
      this.timer = setTimeout(() => this.end(), this.settings.periodMs);
      this.timer.unref();
    }
    return count <= this.settings.toldEach;
  }

  /** Ends the period now; what was not told is summarised. */
  end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const counts = [...this.counts];
    this.counts.clear();
    for (const [name, count] of counts) {
      if (count > this.settings.toldEach) this.settings.summarise(name, count - this.settings.toldEach);
    }
  }
}
