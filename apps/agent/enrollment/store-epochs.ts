import type { Epoch } from '#libs/contracts/bus/network-version.js';

/**
 * Follows which epoch the store is in. A store that is suddenly in another one was restored from a copy, and may not
 * know the mesh key that this agent has had certified since that copy was made: peers would be told of the old key.
 */
export class StoreEpochs {
  private lastId: string | null;

  /** `known`: the epoch of what the agent holds from an earlier start. */
  constructor(known: Epoch | null) {
    this.lastId = known?.id ?? null;
  }

  /** The control plane has named the store's epoch; whether it is another than before. */
  heard({ id }: Epoch): boolean {
    const before = this.lastId;
    this.lastId = id;
    return before !== null && before !== id;
  }
}
