/**
 * For this long an agent may keep a connection whose other end it cannot hear: TCP keepalive ends it within a minute.
 */
const KEPT_MS = 75_000;

/**
 * Connections that ended while a fault impeded them, or were given up before they were answered: an agent may still
 * count them as open, and then cuts them.
 */
export class UnseenEnds {
  private ends: { readonly network: string; readonly atMs: number }[] = [];

  constructor(private readonly now: () => number) {}

  add(network: string): void {
    this.ends.push({ network, atMs: this.now() });
  }

  /** How many there may be of a network. */
  of(network: string): number {
    this.ends = this.ends.filter(({ atMs }) => this.now() - atMs < KEPT_MS);
    return this.ends.filter((end) => end.network === network).length;
  }
}
