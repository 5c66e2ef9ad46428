import { Turns } from '#libs/async/turns.js';
import type { RefusedConnections } from '../sandboxes/firewall/refused-ports.js';

/**
 * Counts connections of sandboxes to ports that no rule allows. Nothing listens there, so the kernel refuses them and
 * the agent never sees them. The agent reads the kernel's counters regularly and reports the difference.
 */
export class RefusedPorts {
  private counted: ReadonlyMap<string, number> = new Map();
  private readonly turns = new Turns();

  constructor(
    private readonly read: () => Promise<readonly RefusedConnections[]>,
    /** `count`: the number since the last report. */
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
        // The kernel's counters start at zero when the rules are loaded anew.
        const since = count < before ? count : count - before;
        if (since > 0) this.tell({ ...refused, count: since });
      }
      this.counted = counted;
    });
  }
}
