import type { Epoch } from '#libs/contracts/bus/network-version.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { SnapshotTree } from '#libs/policy/snapshot-digest.js';

interface HeldTree {
  readonly epochId: string;
  readonly tree: SnapshotTree;
}

/**
 * What each agent holds of each network, as confirmed by its answer or claim with the hash. Only these are bases of
 * deltas. An agent that holds something else after all, for instance after a start from its disk, asks for a snapshot.
 */
export class HeldTrees {
  /** By recipient, then by network. */
  private readonly held = new Map<string, Map<NetworkId, HeldTree>>();

  /** null: unknown, or of an ended epoch. */
  of(recipient: string, networkId: NetworkId, epoch: Epoch): SnapshotTree | null {
    const known = this.held.get(recipient)?.get(networkId);
    return known?.epochId === epoch.id ? known.tree : null;
  }

  set(recipient: string, networkId: NetworkId, epoch: Epoch, tree: SnapshotTree): void {
    const known = this.held.get(recipient) ?? new Map<NetworkId, HeldTree>();
    this.held.set(recipient, known.set(networkId, { epochId: epoch.id, tree }));
  }

  forget(recipient: string, networkId: NetworkId): void {
    this.held.get(recipient)?.delete(networkId);
  }

  forgetAll(recipient: string): void {
    this.held.delete(recipient);
  }
}
