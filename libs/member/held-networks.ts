import type { Epoch } from '#libs/contracts/bus/network-version.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';

/** By network: the version whose policy this member enforces. */
export class HeldNetworks {
  private readonly networks = new Map<NetworkId, HeldNetwork>();

  of(networkId: NetworkId): HeldNetwork | null {
    return this.networks.get(networkId) ?? null;
  }

  all(): readonly HeldNetwork[] {
    return [...this.networks.values()];
  }

  /** The highest epoch of anything accepted. */
  epoch(): Epoch | null {
    return this.all().reduce<Epoch | null>(
      (highest, { epoch }) => (highest === null || epoch.counter > highest.counter ? epoch : highest),
      null,
    );
  }

  hold(held: HeldNetwork): void {
    this.networks.set(held.snapshot.networkId, held);
  }
}
