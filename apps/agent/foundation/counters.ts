/** Counts unusual events by name. */
export class Counters {
  private readonly counts = new Map<string, number>();

  /**
   * Counts one, and calls `notable` for the first, tenth, hundredth and so on, which keeps the log short during a
   * flood.
   */
  add(name: string, notable: (count: number) => void): void {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    if (/^10*$/.test(String(count))) notable(count);
  }

  all(): { readonly [name: string]: number } {
    return Object.fromEntries(this.counts);
  }
}
