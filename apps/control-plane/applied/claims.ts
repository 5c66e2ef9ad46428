import type { Epoch, NetworkVersion } from '#libs/contracts/bus/network-version.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { NetworkRecord } from '../record/network-record.js';

/** What a member says it holds: in a hello or heartbeat, or in an acknowledgement. */
export type Claim = Pick<NetworkVersion, 'networkId' | 'epoch' | 'version' | 'hash' | 'signature'>;

export type ClaimJudgement =
  /** What this store made, or may have made before what is remembered. */
  | { readonly kind: 'agrees' }
  /** Of an epoch that has ended: the member takes the present one. */
  | { readonly kind: 'ended-epoch' }
  /** The control plane signed it, and this store does not have it: it was restored from an older copy. */
  | { readonly kind: 'regressed'; readonly detail: string }
  /** Nobody vouches for it, so that it concerns its author alone. */
  | { readonly kind: 'not-signed'; readonly detail: string }
  /** The author never had a part in this network. */
  | { readonly kind: 'not-a-member'; readonly detail: string }
  /** Its author has had so many signatures checked that this one has to wait. */
  | { readonly kind: 'not-checked' };

export interface ClaimedStore {
  /** null: this store has no such network. */
  readonly record: NetworkRecord | null;
  readonly epoch: Epoch;
  /** Whether the hash is right for this version; null: it is too old to be remembered. */
  readonly isExpected: (version: number, hash: string) => boolean | null;
  /** Whether the control plane signed exactly this for its author; null: that is not checked now. */
  readonly isSigned: (claim: Claim) => boolean | null;
}

/**
 * What an agent's claim means for a network. Only the control plane's own signature makes a claim count against the
 * store: a claim without it can be a lie, and then sets its author apart and nobody else.
 */
export function judgeClaim(agentId: AgentId, claim: Claim, store: ClaimedStore): ClaimJudgement {
  const { record, epoch } = store;
  if (claim.epoch.counter < epoch.counter) return { kind: 'ended-epoch' };
  const detail = contradiction(agentId, claim, store);
  const isSigned = detail !== null && store.isSigned(claim);
  if (isSigned === null) return { kind: 'not-checked' };
  if (detail !== null && isSigned) return { kind: 'regressed', detail };
  if (record === null ? detail !== null : !record.members.has(agentId)) {
    return { kind: 'not-a-member', detail: `${agentId} has no part in network ${claim.networkId}` };
  }
  return detail === null ? { kind: 'agrees' } : { kind: 'not-signed', detail };
}

/** In what way the claim and the store cannot both be right; null: they can. */
function contradiction(agentId: AgentId, claim: Claim, { record, epoch, isExpected }: ClaimedStore): string | null {
  if (claim.epoch.counter > epoch.counter || claim.epoch.id !== epoch.id) {
    return `${agentId} follows epoch ${claim.epoch.counter} of another store, this one is at epoch ${epoch.counter}`;
  }
  const isRight = isExpected(claim.version, claim.hash);
  // Of a network that is not in this store, an agent may hold that it is to let go of it.
  if (record === null) return isRight === true ? null : `${agentId} holds a network that is not in this store`;
  // Versions that cannot be read here are in the store all the same.
  const version = record.streamVersion;
  if (claim.version > version) return `${agentId} holds version ${claim.version}, the store is at ${version}`;
  if (isRight !== false) return null;
  return `${agentId} holds another version ${claim.version} than the store`;
}
