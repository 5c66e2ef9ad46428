const WRITE_EVERY_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/** Limits writes of when tokens and sessions were last used to one a minute. */
export class LastUse {
  private readonly written = new Map<string, number>();

  /** Whether to write this use. */
  isNews(id: string, now: Date): boolean {
    const before = this.written.get(id);
    if (before !== undefined && now.getTime() - before < WRITE_EVERY_MS) return false;
    if (this.written.size >= MOST_REMEMBERED) this.written.clear();
    this.written.set(id, now.getTime());
    return true;
  }
}
