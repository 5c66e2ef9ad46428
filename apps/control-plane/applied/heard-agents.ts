import { EventEmitter, once } from 'node:events';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import type { AppliedLog } from './applied-log.js';

/** The agents whose acknowledgement of a version, or of a later one, has come into the log since `clear`. */
export class HeardAgents {
  private readonly heard = new Set<AgentId>();
  private readonly arrivals = new EventEmitter();
  /** Listens no longer. */
  readonly close: () => void;

  constructor(log: Pick<AppliedLog, 'follow'>, networkId: NetworkId, version: number) {
    this.close = log.follow(networkId, (agentId, acknowledged) => {
      if (acknowledged < version) return;
      this.heard.add(agentId);
      this.arrivals.emit('heard');
    });
  }

  clear(): void {
    this.heard.clear();
  }

  /**
   * Resolves once each of the agents was heard, or nothing more of it counts, or the signal is aborted. The log of a
   * thousand agents is then read once, and not once for each acknowledgement.
   */
  async all(agents: readonly AgentId[], isFinal: (agentId: AgentId) => boolean, signal: AbortSignal): Promise<void> {
    const isDone = (agentId: AgentId): boolean => this.heard.has(agentId) || isFinal(agentId);
    while (!signal.aborted && !agents.every(isDone)) {
      await once(this.arrivals, 'heard', { signal }).catch(() => undefined);
    }
  }
}
