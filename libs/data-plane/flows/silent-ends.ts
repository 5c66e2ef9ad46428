import type { Socket } from 'node:net';
import type { Flow } from './flow.js';
import { connectionKey } from './send-queue-table.js';
import { silentConnections } from './silent-connections.js';

const LOOK_EVERY_MS = 15_000;

/**
 * Ends connections whose other side is gone while bytes for it wait. The kernel would retry for a quarter of an hour,
 * and Node cannot set a shorter time (TCP_USER_TIMEOUT).
 */
export class SilentEnds {
  private readonly timer: NodeJS.Timeout;
  private isLooking = false;

  constructor(
    private readonly flows: () => readonly Flow[],
    private readonly find: () => Promise<ReadonlySet<string>> = silentConnections,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  async look(): Promise<void> {
    if (this.isLooking || this.flows().length === 0) return;
    this.isLooking = true;
    try {
      const silent = await this.find();
      if (silent.size === 0) return;
      for (const end of this.flows().flatMap((flow) => flow.socketEnds())) {
        const key = keyOf(end.stream);
        if (key !== null && silent.has(key)) end.reset();
      }
    } finally {
      this.isLooking = false;
    }
  }
}

function keyOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string | null {
  const isOver = !localAddress || !localPort || !remoteAddress || !remotePort;
  return isOver ? null : connectionKey(localAddress, localPort, remoteAddress, remotePort);
}
