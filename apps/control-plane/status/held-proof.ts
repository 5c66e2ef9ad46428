import type { AppliedAgentDto } from '#libs/contracts/http/status.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { AgentNetworkStatus } from '#libs/contracts/statuses.js';
import type { AgentNetworkState } from './agent-network-status.js';

export interface HeldFacts {
  /** The version that a write found. */
  readonly version: number;
  /** The network's version now: the same, unless somebody else wrote meanwhile. */
  readonly presentVersion: number;
  /** Agents that take part now. */
  readonly participants: readonly AgentId[];
  /** Those that acknowledged `version` itself, at any time. */
  readonly acknowledged: ReadonlySet<AgentId>;
  readonly stateOf: (agentId: AgentId) => AgentNetworkState;
}

/** Who is known to follow a version that a write found and left as it was. */
export interface HeldProof {
  readonly agents: readonly AppliedAgentDto[];
  readonly confirmed: number;
  readonly supersededBy: number | null;
  /** Waiting longer proves nothing more. */
  readonly settled: boolean;
}

const IN_CONTACT: ReadonlySet<AgentNetworkStatus> = new Set(['SYNCED', 'PENDING', 'STALE']);

/**
 * An acknowledgement alone proves nothing here, since it may be old: the agent must be in contact and well now. While
 * `version` is the present one, only SYNCED counts. Connections that were cut when it was new are not counted: the
 * write that asks cut none.
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
    // Of a version that has passed, SYNCED says nothing.
    return { ...now, status: status === 'SYNCED' ? 'PENDING' : status, reason };
  });
  const confirmed = agents.filter(({ status }) => status === 'SYNCED').length;
  return { agents, confirmed, supersededBy, settled: open === 0 };
}
