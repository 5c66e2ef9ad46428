const RESETS_A_TURN = 8;

/**
 * Resets that stop no byte any more, a few in each turn of the event loop: a version that cuts a thousand flows is
 * saved and acknowledged meanwhile.
 */
export class LaterResets {
  private readonly waiting: (() => void)[] = [];
  private next = 0;

  add(reset: () => void): void {
    this.waiting.push(reset);
    if (this.waiting.length === 1) setImmediate(() => this.turn());
  }

  private turn(): void {
    const until = Math.min(this.next + RESETS_A_TURN, this.waiting.length);
    while (this.next < until) this.waiting[this.next++]?.();
    if (this.next < this.waiting.length) {
      setImmediate(() => this.turn());
      return;
    }
    this.waiting.length = 0;
    this.next = 0;
  }
}
