import type { JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { lockOf, stateFileOf } from '#libs/program/local-node-folder.js';
import { takeLock } from '#libs/program/lock.js';
import { writeWhole } from '#libs/program/write-whole.js';
import { lastState } from './node-client.js';

export type RecordedLeave =
  | { readonly kind: 'forgotten'; readonly joined: JoinedNetworkState; readonly others: readonly string[] }
  | { readonly kind: 'not recorded' }
  /** A running node owns the folder. */
  | { readonly kind: 'owned' };

/**
 * Removes a network from the record of a node that has ended. `others`: further networks in the record. Error:
 * LockUnusableError.
 */
export function leaveByRecord(folder: string, network: string): RecordedLeave {
  if (lastState(folder) === null) return { kind: 'not recorded' };
  const attempt = takeLock(lockOf(folder));
  if (attempt.kind === 'held') return { kind: 'owned' };
  try {
    const state = lastState(folder);
    const joined = state?.networks.find((other) => other.network === network);
    if (state === null || joined === undefined) return { kind: 'not recorded' };
    const networks = state.networks.filter((other) => other !== joined);
    writeWhole(stateFileOf(folder), `${JSON.stringify({ ...state, networks })}\n`, 0o600);
    const others = networks.flatMap((other) => (other.state === 'ended' ? [] : [other.network]));
    return { kind: 'forgotten', joined, others };
  } finally {
    attempt.lock.release();
  }
}
