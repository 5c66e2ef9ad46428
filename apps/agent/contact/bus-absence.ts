import type { BusStatus } from '#libs/bus/bus.js';

const CUT_OFF_MS = 60_000;

/** Calls back after each minute without a connection to the bus: the bus may have moved, or want other credentials. */
export class BusAbsence {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly cutOff: () => void,
    private readonly afterMs = CUT_OFF_MS,
  ) {
    this.wait();
  }

  heard(status: BusStatus): void {
    if (status === 'connected') this.close();
    else if (this.timer === null) this.wait();
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private wait(): void {
    this.timer = setTimeout(() => {
      this.wait();
      this.cutOff();
    }, this.afterMs);
  }
}
