import type { Epoch, NetworkVersion } from '#libs/contracts/bus/network-version.js';
import type { Snapshot } from '#libs/policy/model.js';

/** A network as the control plane signed it for this agent. */
export interface HeldNetwork {
  readonly epoch: Epoch;
  readonly hash: string;
  /** Over exactly this; null for what a release of protocol 1 left on disk. */
  readonly signature: string | null;
  readonly snapshot: Snapshot;
}

export function sameEpoch(one: Epoch, other: Epoch): boolean {
  return one.counter === other.counter && one.id === other.id;
}

export function versionOf({ epoch, hash, signature, snapshot }: HeldNetwork): NetworkVersion {
  return { networkId: snapshot.networkId, epoch, version: snapshot.version, hash, signature };
}
