import type { BusStatus } from '#libs/bus/bus.js';

export interface AbsencePace {
  /** After the agent's start without a connection: what it has kept may be long out of date. */
  readonly atStartMs: number;
  /** After the end of a connection: longer than a nats-server takes to start again. */
  readonly firstMs: number;
  /** From then on. */
  readonly everyMs: number;
}

const PACE: AbsencePace = { atStartMs: 2_000, firstMs: 10_000, everyMs: 60_000 };
/** Each waits up to so much longer: all agents lose a nats-server at the same moment. */
const JITTER = 1;

/** Calls back while there is no connection to the bus: the bus may have moved, or want other credentials. */
export class BusAbsence {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly cutOff: () => void,
    private readonly pace: AbsencePace = PACE,
    private readonly random: () => number = Math.random,
  ) {
    this.wait(pace.atStartMs);
  }

  heard(status: BusStatus): void {
    if (status === 'connected') this.close();
    else if (this.timer === null) this.wait(this.pace.firstMs * (1 + JITTER * this.random()));
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private wait(delayMs: number): void {
    this.timer = setTimeout(() => {
      this.wait(this.pace.everyMs);
      this.cutOff();
    }, delayMs);
  }
}
