import type { Epoch } from '#libs/contracts/bus/network-version.js';

/**
 * Follows the store's epoch. A store with another epoch was restored from a copy and may not know a mesh key that was
 * certified after the copy was made; it would tell peers of the old key.
 */
export class StoreEpochs {
  private lastId: string | null;

  /** `known`: the epoch of what the agent held at its last start. */
  constructor(known: Epoch | null) {
    this.lastId = known?.id ?? null;
  }

  /** Takes the epoch that the control plane named; returns whether it changed. */
  heard({ id }: Epoch): boolean {
    const before = this.lastId;
    this.lastId = id;
    return before !== null && before !== id;
  }
}
