import type { Epoch, NetworkVersion } from '#libs/contracts/bus/network-version.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { NetworkRecord } from '../record/network-record.js';

/** What a member says it holds: in a hello or heartbeat, or in an acknowledgement. */
export type Claim = Pick<NetworkVersion, 'networkId' | 'epoch' | 'version' | 'hash' | 'signature'>;

export type ClaimJudgement =
  /** This store made it, or may have made it before what is remembered. */
  | { readonly kind: 'agrees' }
  /** Of an ended epoch: the member will take the current one. */
  | { readonly kind: 'ended-epoch' }
  /** The control plane signed it, but this store does not have it: the store was restored from an older copy. */
  | { readonly kind: 'regressed'; readonly detail: string }
  /** Without a valid signature, so it has consequences only for its author. */
  | { readonly kind: 'not-signed'; readonly detail: string }
  /** The author never took part in this network. */
  | { readonly kind: 'not-a-member'; readonly detail: string }
  /** Too many of its author's signatures were checked recently; this one has to wait. */
  | { readonly kind: 'not-checked' };

export interface ClaimedStore {
  /** null: this store has no such network. */
  readonly record: NetworkRecord | null;
  readonly epoch: Epoch;
  /** Whether the hash is right for this version; null: the version is too old to be remembered. */
  readonly isExpected: (version: number, hash: string) => boolean | null;
  /** Whether the control plane signed exactly this for its author; null: not checked now. */
  readonly isSigned: (claim: Claim) => boolean | null;
}

/**
 * Judges an agent's claim about a network. Only the control plane's own signature makes a claim count against the
 * store. A claim without it may be a lie, and sets apart only its author.
 */
export function judgeClaim(agentId: AgentId, claim: Claim, store: ClaimedStore): ClaimJudgement {
  const { record, epoch } = store;
  if (claim.epoch.counter < epoch.counter) return { kind: 'ended-epoch' };
  const detail = contradiction(agentId, claim, store);
  const isSigned = detail !== null && store.isSigned(claim);
  if (isSigned === null) return { kind: 'not-checked' };
  if (detail !== null && isSigned) return { kind: 'regressed', detail };
  if (record === null ? detail !== null : !record.members.has(agentId)) {
    return { kind: 'not-a-member', detail: `${agentId} is not a member of network ${claim.networkId}` };
  }
  return detail === null ? { kind: 'agrees' } : { kind: 'not-signed', detail };
}

/** Why the claim and the store cannot both be right; null: they can. */
function contradiction(agentId: AgentId, claim: Claim, { record, epoch, isExpected }: ClaimedStore): string | null {
  if (claim.epoch.counter > epoch.counter || claim.epoch.id !== epoch.id) {
    return `${agentId} follows epoch ${claim.epoch.counter} of another store; this store is at epoch ${epoch.counter}`;
  }
  const isRight = isExpected(claim.version, claim.hash);
  // For a network that is not in this store, an agent may hold the snapshot that tells it to stop serving.
  if (record === null) return isRight === true ? null : `${agentId} holds a network that is not in this store`;
  // Includes versions that this release cannot read but that are in the store.
  const version = record.streamVersion;
  if (claim.version > version) return `${agentId} holds version ${claim.version}, but the store is at ${version}`;
  if (isRight !== false) return null;
  return `version ${claim.version} at ${agentId} differs from version ${claim.version} in the store`;
}
