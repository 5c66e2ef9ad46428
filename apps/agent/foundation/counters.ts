/** How often things out of the ordinary happened, by name. */
export class Counters {
  private readonly counts = new Map<string, number>();

  /** Counts one, and calls `notable` for the first, tenth, hundredth and so on, so that a flood fills no log. */
  add(name: string, notable: (count: number) => void): void {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    if (/^10*$/.test(String(count))) notable(count);
  }

  all(): { readonly [name: string]: number } {
    return Object.fromEntries(this.counts);
  }
}
