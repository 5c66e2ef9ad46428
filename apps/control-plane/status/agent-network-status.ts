import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { Epoch, NetworkVersion } from '#libs/contracts/bus/network-version.js';
import {
  type AgentNetworkStatus,
  type AgentStatus,
  type NetworkStatus,
  NO_HEARTBEAT,
} from '#libs/contracts/statuses.js';

/** Everything known about one agent and one network. */
export interface AgentNetworkFacts {
  readonly agent: AgentStatus;
  readonly currentVersion: number;
  readonly epoch: Epoch;
  /** Whether a hash is that of what this agent should hold of the current version. */
  readonly isCurrentHash: (hash: string) => boolean;
  /** When the current version was written. */
  readonly changedAt: Date;
  readonly acknowledged: AppliedMessage | null;
  /** When it arrived, by the control plane's clock. */
  readonly acknowledgedAt: Date | null;
  /** What the agent said in its last contact that it holds. */
  readonly held: NetworkVersion | null;
  readonly regression: string | null;
  /** Why the agent's statements about this network are not accepted; null: they are. */
  readonly doubt: string | null;
  /** The version from which on the network's stream cannot be read; null: all of it can be read. */
  readonly unreadableFrom: number | null;
  /** Why the agent's contact was refused: it uses another protocol. */
  readonly refusal: string | null;
}

export interface AgentNetworkState {
  readonly status: AgentNetworkStatus;
  readonly appliedVersion: number | null;
  readonly appliedAt: string | null;
  readonly reason: string | null;
}

/**
 * An agent's progress with a network. SYNCED needs the agent's own report of exactly the current epoch, version and
 * hash.
 */
export function agentNetworkState(facts: AgentNetworkFacts, now: Date, staleAfterMs: number): AgentNetworkState {
  const { acknowledged, held } = facts;
  const applied = acknowledged?.outcome === 'applied' ? acknowledged : null;
  const appliedVersion = applied?.to ?? held?.version ?? acknowledged?.from ?? null;
  const state = (status: AgentNetworkStatus, reason: string | null): AgentNetworkState => ({
    status,
    appliedVersion,
    appliedAt: applied === null ? null : (facts.acknowledgedAt?.toISOString() ?? null),
    reason,
  });
  if (facts.regression !== null) return state('FAILED', `EPOCH_REGRESSED: ${facts.regression}`);
  if (facts.agent === 'REVOKED') return state('OFFLINE', 'the agent is revoked');
  if (facts.doubt !== null) return state('FAILED', `CLAIM_NOT_SIGNED: ${facts.doubt}`);
  if (facts.refusal !== null) return state('FAILED', facts.refusal);
  if (facts.agent === 'UNKNOWN')
    return state('UNKNOWN', 'the agent has not been in contact since the control plane started');
  if (facts.agent === 'OFFLINE') return state('OFFLINE', NO_HEARTBEAT);
  if (facts.unreadableFrom !== null) {
    const reason = `STREAM_UNREADABLE: version ${facts.unreadableFrom} and later ones cannot be read here`;
    return state('UNKNOWN', reason);
  }
  if (acknowledged?.outcome === 'refused' && acknowledged.to === facts.currentVersion) {
    return state('FAILED', `${acknowledged.code ?? 'REFUSED'}: ${acknowledged.message ?? 'no reason given'}`);
  }
  if (isCurrent(facts, applied === null ? held : { ...applied, version: applied.to })) {
    const failures = applied?.aliasFailures ?? [];
    if (failures.length === 0) return state('SYNCED', null);
    return state('FAILED', failures.map(({ alias, code, message }) => `${alias}: ${code}: ${message}`).join('; '));
  }
  const waitedMs = now.getTime() - facts.changedAt.getTime();
  if (waitedMs > staleAfterMs)
    return state('STALE', `version ${facts.currentVersion} not acknowledged in ${waitedMs} ms`);
  return state('PENDING', `version ${facts.currentVersion} was sent and is not acknowledged yet`);
}

function isCurrent(
  { currentVersion, epoch, isCurrentHash }: AgentNetworkFacts,
  held: Pick<NetworkVersion, 'epoch' | 'version' | 'hash'> | null,
): boolean {
  if (held === null || held.version !== currentVersion) return false;
  return held.epoch.counter === epoch.counter && held.epoch.id === epoch.id && isCurrentHash(held.hash);
}

const WORST_FIRST: readonly AgentNetworkStatus[] = ['FAILED', 'STALE', 'OFFLINE', 'UNKNOWN', 'PENDING', 'SYNCED'];

/** Conditions of a network that precede the states of its agents. */
export interface NetworkTroubles {
  readonly quarantined: boolean;
  readonly unreadable: boolean;
  readonly regressed: boolean;
}

/** A network's status is that of its worst agent. */
export function networkStatus(agents: readonly AgentNetworkStatus[], troubles: NetworkTroubles): NetworkStatus {
  if (troubles.quarantined) return 'QUARANTINED';
  if (troubles.unreadable) return 'STREAM_UNREADABLE';
  if (troubles.regressed) return 'EPOCH_REGRESSED';
  return WORST_FIRST.find((status) => agents.includes(status)) ?? 'EMPTY';
}
