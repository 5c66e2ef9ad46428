import type { BusStatus } from '#libs/bus/bus.js';

export interface AbsencePace {
  /** After a start without a connection, since the stored credentials may be long out of date. */
  readonly atStartMs: number;
  /** After a connection ended; longer than a restart of nats-server takes. */
  readonly firstMs: number;
  /** Between later calls. */
  readonly everyMs: number;
}

const PACE: AbsencePace = { atStartMs: 2_000, firstMs: 10_000, everyMs: 60_000 };
/** Each wait is extended at random by up to this share, because all agents lose a nats-server at the same moment. */
const JITTER = 1;

/** Calls back while there is no connection to the bus, which may have moved or require other credentials. */
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
