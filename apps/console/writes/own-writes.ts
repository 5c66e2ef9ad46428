import type { WarningDto } from '#libs/api-client/generated/types.gen.js';
import { Observed } from '../live/live-state.js';

/** A write of this page that the control plane answered; its proof is queried separately. */
export interface OwnWrite {
  readonly network: string;
  readonly version: number;
  readonly changed: boolean;
  readonly unchangedSince: number | null;
  readonly warnings: readonly WarningDto[];
  /** The request in the words of `gstacks`: `deny web to api:8080`. */
  readonly summary: string;
  readonly sentAt: number;
}

/** By network: the last write, until its receipt is dismissed. */
export const ownWrites = new Observed<ReadonlyMap<string, OwnWrite>>(new Map());

export function keepReceipt(write: OwnWrite): void {
  ownWrites.set(new Map(ownWrites.get()).set(write.network, write));
}

export function dismissReceipt(network: string): void {
  const kept = new Map(ownWrites.get());
  kept.delete(network);
  ownWrites.set(kept);
}

/** The text of the page's status region: outcomes only. */
export const announcement = new Observed('');
