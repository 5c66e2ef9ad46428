import type { AliasFailure, AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { FlowId } from '#libs/contracts/ids.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';

export interface AppliedOutcome {
  /** The version held before, in the same epoch; null: none. */
  readonly from: number | null;
  readonly aliasFailures: readonly AliasFailure[];
  readonly flowsCut: readonly FlowId[];
  readonly appliedAt: Date;
}

/** Acknowledges a version that the member's policy, listeners and names now follow. */
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

export interface NotAppliedOutcome {
  /** As in AppliedOutcome. */
  readonly from: number | null;
  readonly error: unknown;
  readonly at: Date;
}

const MOST_REASON_CHARACTERS = 1_000;

/**
 * Reports why a version is not acknowledged although its policy is in force: the member cannot apply all of it, or
 * cannot save it. The member tries again; an acknowledgement of the same version replaces this message.
 */
export function notAppliedMessage(held: HeldNetwork, { from, error, at }: NotAppliedOutcome): AppliedMessage {
  const reason = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof CodedError && error.remedy !== null ? `; ${error.remedy}` : '';
  return {
    ...appliedMessage(held, { from, aliasFailures: [], flowsCut: [], appliedAt: at }),
    signature: null,
    outcome: 'refused',
    code: error instanceof CodedError ? error.code : 'NOT_APPLIED',
    message: `${reason}${remedy}`.slice(0, MOST_REASON_CHARACTERS),
  };
}
