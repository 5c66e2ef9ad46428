import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { SyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import type { HeldNetworks } from './held-networks.js';

export interface SyncPorts {
  readonly held: HeldNetworks;
  readonly request: (message: SyncMessage) => Promise<void>;
  readonly failed: (networkId: NetworkId, error: unknown) => void;
}

/**
 * Asks the control plane for networks whose newest version this member lacks, with one request at a time for each
 * network.
 */
export class SyncRequests {
  private readonly asking = new Set<NetworkId>();

  constructor(private readonly ports: SyncPorts) {}

  /** Asks for a version later than the one held, which somebody mentioned. */
  ask(networkId: NetworkId, version: number): void {
    const held = this.ports.held.of(networkId);
    if (held === null || held.snapshot.version < version) this.send(networkId, held);
  }

  /**
   * Compares with what the control plane says this member should hold, and asks for networks that are missing, older,
   * or no longer named.
   */
  compare({ epoch, networks }: Pick<ContactReply, 'epoch' | 'networks'>): void {
    const named = new Set<NetworkId>();
    for (const { networkId, version, hash } of networks) {
      named.add(networkId);
      const held = this.ports.held.of(networkId);
      const behind = held === null || held.snapshot.version < version || held.epoch.counter < epoch.counter;
      // A different hash of the same version has to be reported: the control plane sends its version, and is answered
      // with a refusal.
      const differs = held !== null && held.snapshot.version === version && held.hash !== hash;
      if (behind || differs) this.send(networkId, held);
    }
    for (const held of this.ports.held.all()) {
      const { networkId, participates } = held.snapshot;
      if (participates && !named.has(networkId)) this.send(networkId, held);
    }
  }

  private send(networkId: NetworkId, held: HeldNetwork | null): void {
    if (this.asking.has(networkId)) return;
    this.asking.add(networkId);
    this.ports
      .request({ protocol: BUS_PROTOCOL, networkId, have: held?.snapshot.version ?? null })
      .catch((error) => this.ports.failed(networkId, error))
      .finally(() => this.asking.delete(networkId));
  }
}
