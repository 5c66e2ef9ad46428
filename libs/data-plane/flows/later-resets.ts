/** At least so many are made in a turn. */
const LEAST_A_TURN = 8;
/** However many wait, the last one is made after about so many turns, which is a second. */
const MOST_TURNS = 100;
const PAUSE_MS = 10;

/**
 * Resets that stop no byte any more, a few in each turn of the event loop, with a pause between turns: a version that
 * cuts a thousand flows is saved, acknowledged and proven meanwhile, here and at the other processes of the host.
 */
export class LaterResets {
  private readonly waiting: (() => void)[] = [];
  private next = 0;

  add(reset: () => void): void {
    this.waiting.push(reset);
    if (this.waiting.length === 1) setImmediate(() => this.turn());
  }

  private turn(): void {
    const share = Math.max(LEAST_A_TURN, Math.ceil(this.waiting.length / MOST_TURNS));
    const until = Math.min(this.next + share, this.waiting.length);
    while (this.next < until) this.waiting[this.next++]?.();
    if (this.next < this.waiting.length) {
      setTimeout(() => this.turn(), PAUSE_MS);
      return;
    }
    this.waiting.length = 0;
    this.next = 0;
  }
}
