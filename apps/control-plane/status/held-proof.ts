import type { AppliedAgentDto } from '#libs/contracts/http/status.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { AgentNetworkStatus } from '#libs/contracts/statuses.js';
import type { AgentNetworkState } from './agent-network-status.js';

export interface HeldFacts {
  /** The version that the write found. */
  readonly version: number;
  /** The network's current version: the same, unless somebody else wrote meanwhile. */
  readonly presentVersion: number;
  /** Current participants. */
  readonly participants: readonly AgentId[];
  /** Agents that have ever acknowledged `version` itself. */
  readonly acknowledged: ReadonlySet<AgentId>;
  readonly stateOf: (agentId: AgentId) => AgentNetworkState;
}

/** Which agents are known to follow a version that a write found and did not change. */
export interface HeldProof {
  readonly agents: readonly AppliedAgentDto[];
  readonly confirmed: number;
  readonly supersededBy: number | null;
  /** Waiting longer would prove nothing more. */
  readonly settled: boolean;
}

const IN_CONTACT: ReadonlySet<AgentNetworkStatus> = new Set(['SYNCED', 'PENDING', 'STALE']);

/**
 * An acknowledgement alone proves nothing here, since it may be old: the agent must be in contact and healthy now.
 * While `version` is current, only SYNCED counts. Connections cut when it was new are not counted, because the write
 * that asks cut none.
 */
export function proveHeld(facts: HeldFacts): HeldProof {
  const { version, presentVersion, participants, acknowledged, stateOf } = facts;
  let supersededBy: number | null = null;
  let open = 0;
  const agents = participants.map((agentId): AppliedAgentDto => {
    const { status, appliedVersion, reason } = stateOf(agentId);
    const now = { agentId, appliedVersion, flowsCut: 0, tookMs: null };
    const follows =
      presentVersion === version ? status === 'SYNCED' : acknowledged.has(agentId) && IN_CONTACT.has(status);
    if (follows) return { ...now, status: 'SYNCED', reason: null };
    if (!acknowledged.has(agentId) && appliedVersion !== null && appliedVersion > version) {
      supersededBy = Math.min(supersededBy ?? appliedVersion, appliedVersion);
      return { ...now, status: 'UNKNOWN', reason: `superseded by ${appliedVersion}` };
    }
    if (status !== 'FAILED') open += 1;
    // SYNCED is about the current version, and says nothing about an older one.
    return { ...now, status: status === 'SYNCED' ? 'PENDING' : status, reason };
  });
  const confirmed = agents.filter(({ status }) => status === 'SYNCED').length;
  return { agents, confirmed, supersededBy, settled: open === 0 };
}
