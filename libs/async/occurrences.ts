export interface OccurrencesSettings {
  /** How many occurrences of one name are reported one by one in each period. */
  readonly toldEach: number;
  readonly periodMs: number;
  /** Called at the end of a period for each name with further occurrences; `untold`: how many. */
  readonly summarise: (name: string, untold: number) => void;
}

/**
 * Keeps a log short: the first few occurrences of a name in a period are reported one by one, and the number of the
 * others once at the end of the period.
 */
export class Occurrences {
  private readonly counts = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly settings: OccurrencesSettings) {}

  /** Counts one occurrence, or `more`; true: report it. */
  add(name: string, more = 1): boolean {
    const count = (this.counts.get(name) ?? 0) + more;
    this.counts.set(name, count);
    if (this.timer === null) {
      this.timer = setTimeout(() => this.end(), this.settings.periodMs);
      this.timer.unref();
    }
    return count <= this.settings.toldEach;
  }

  /** Ends the period now and summarises what was not reported. */
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
