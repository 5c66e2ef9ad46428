import { Turns } from '#libs/async/turns.js';
import type { RefusedConnections } from '../sandboxes/firewall/refused-ports.js';

/**
 * Connections of sandboxes to ports that no rule allows: nothing listens there, so that the kernel refuses them and the
 * agent never has them. The agent reads the kernel's counts now and then, and tells of what came since it read them
 * last.
 */
export class RefusedPorts {
  private counted: ReadonlyMap<string, number> = new Map();
  private readonly turns = new Turns();

  constructor(
    private readonly read: () => Promise<readonly RefusedConnections[]>,
    /** `count`: how many there were since the last time. */
    private readonly tell: (refused: RefusedConnections) => void,
  ) {}

  /** Rejects as `read` does. */
  gather(): Promise<void> {
    return this.turns.take(async () => {
      const counted = new Map<string, number>();
      for (const refused of await this.read()) {
        const { source, address, port, count } = refused;
        const key = `${source} ${address} ${port}`;
        counted.set(key, count);
        const before = this.counted.get(key) ?? 0;
        // The kernel counts from the start again after the rules were loaded anew.
        const since = count < before ? count : count - before;
        if (since > 0) this.tell({ ...refused, count: since });
      }
      this.counted = counted;
    });
  }
}
