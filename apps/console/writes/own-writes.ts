import type { WarningDto } from '#libs/api-client/generated/types.gen.js';
import { Observed } from '../live/live-state.js';

/** A write that this page sent and the control plane answered; what the agents make of it is asked apart. */
export interface OwnWrite {
  readonly network: string;
  readonly version: number;
  readonly changed: boolean;
  readonly unchangedSince: number | null;
  readonly warnings: readonly WarningDto[];
  /** What was asked for, as `gstacks` says it: `deny web to api:8080`. */
  readonly summary: string;
  readonly sentAt: number;
}

/** The last write on each network, by its name, until its receipt is dismissed. */
export const ownWrites = new Observed<ReadonlyMap<string, OwnWrite>>(new Map());

export function keepReceipt(write: OwnWrite): void {
  ownWrites.set(new Map(ownWrites.get()).set(write.network, write));
}

export function dismissReceipt(network: string): void {
  const kept = new Map(ownWrites.get());
  kept.delete(network);
  ownWrites.set(kept);
}

/** What the one polite status region says: outcomes, nothing else. */
export const announcement = new Observed('');
