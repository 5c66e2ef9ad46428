import type { AliasFailure, AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { FlowId } from '#libs/contracts/ids.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';

export interface AppliedOutcome {
  /** The version held before, of the same epoch; null: there was none. */
  readonly from: number | null;
  readonly aliasFailures: readonly AliasFailure[];
  readonly flowsCut: readonly FlowId[];
  readonly appliedAt: Date;
}

/** The acknowledgement of a version that policy, listeners and names of the member follow now. */
export function appliedMessage(held: HeldNetwork, outcome: AppliedOutcome): AppliedMessage {
  const { epoch, hash, signature, snapshot } = held;
  const { from, aliasFailures, flowsCut, appliedAt } = outcome;
  return {
    protocol: BUS_PROTOCOL,
    epoch,
    networkId: snapshot.networkId,
    from,
    to: snapshot.version,
    hash,
    signature,
    outcome: 'applied',
    code: null,
    message: null,
    aliasFailures,
    flowsCut,
    appliedAt: appliedAt.toISOString(),
  };
}
