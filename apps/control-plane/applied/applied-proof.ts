import type { AppliedAgentDto } from '#libs/contracts/http/status.js';
import type { AgentId, FlowId } from '#libs/contracts/ids.js';
import type { AgentNetworkStatus } from '#libs/contracts/statuses.js';
import type { HashCheck } from '../record/expected-hashes.js';
import type { AppliedRecord } from './applied-record.js';

/** Without the elapsed time, which is derived from the version's own time. */
export type ProvenAgent = Omit<AppliedAgentDto, 'tookMs'>;

/** What the acknowledgements so far prove about one version. */
export interface AppliedProof {
  readonly agents: readonly ProvenAgent[];
  readonly confirmed: number;
  readonly flowsCut: number;
  readonly supersededBy: number | null;
  /** Agents whose next acknowledgement can change it. */
  readonly open: readonly AgentId[];
  readonly lastConfirmedAt: Date | null;
}

/** The state of an agent that has not acknowledged the version. */
export interface Standing {
  readonly status: Exclude<AgentNetworkStatus, 'SYNCED'>;
  readonly appliedVersion: number | null;
  readonly reason: string | null;
  /** Nothing that it may still acknowledge will be accepted until somebody acts. */
  readonly isFinal: boolean;
}

/**
 * An agent confirms a version by acknowledging exactly this version and hash, with every listener and name in place. If
 * an agent went directly to a later version, this one is superseded: what it never held is not proven. Both ends report
 * the flows they cut; each flow counts once. Records are of one epoch, in order of arrival, which may differ from the
 * order of versions.
 */
export function proveApplied(
  version: number,
  concerned: readonly AgentId[],
  records: readonly AppliedRecord[],
  isExpected: HashCheck,
  standingOf: (agentId: AgentId) => Standing,
): AppliedProof {
  const cut = new Set<FlowId>();
  let supersededBy: number | null = null;
  let lastConfirmedAt: Date | null = null;
  const open: AgentId[] = [];
  // Grouped once: a network may have a thousand agents.
  const byAgent = Map.groupBy(records, ({ agentId }) => agentId);
  const agents = concerned.map((agentId): ProvenAgent => {
    const own = (byAgent.get(agentId) ?? []).filter(({ to, hash }) => isExpected(agentId, to, hash) === true);
    const exact = own.filter((record) => record.to === version);
    const applied = exact.findLast((record) => record.outcome === 'applied');
    const appliedVersion = highest(own.filter((record) => record.outcome === 'applied').map(({ to }) => to));
    const flows = new Set(exact.flatMap((record) => record.flowsCut));
    for (const flow of flows) cut.add(flow);
    const answer = (status: AgentNetworkStatus, held: number | null, reason: string | null): ProvenAgent => ({
      agentId,
      status,
      appliedVersion: held,
      flowsCut: flows.size,
      reason,
    });
    if (applied !== undefined && applied.aliasFailures.length === 0) {
      if (lastConfirmedAt === null || applied.receivedAt > lastConfirmedAt) lastConfirmedAt = applied.receivedAt;
      return answer('SYNCED', appliedVersion, null);
    }
    if (applied !== undefined) return answer('FAILED', appliedVersion, failureText(applied));
    const later = own.filter((record) => record.outcome === 'applied' && record.to > version).map(({ to }) => to);
    if (later.length > 0) {
      const next = Math.min(...later);
      supersededBy = Math.min(supersededBy ?? next, next);
      return answer('UNKNOWN', appliedVersion, `superseded by ${next}`);
    }
    const refused = exact.findLast((record) => record.outcome === 'refused');
    if (refused !== undefined) return answer('FAILED', appliedVersion, `${refused.code}: ${refused.message}`);
    const standing = standingOf(agentId);
    if (!standing.isFinal) open.push(agentId);
    return answer(standing.status, standing.appliedVersion, standing.reason);
  });
  const confirmed = agents.filter(({ status }) => status === 'SYNCED').length;
  return { agents, confirmed, flowsCut: cut.size, supersededBy, open, lastConfirmedAt };
}

function highest(versions: readonly number[]): number | null {
  return versions.length === 0 ? null : Math.max(...versions);
}

function failureText(record: AppliedRecord): string {
  return record.aliasFailures.map(({ alias, code, message }) => `${alias}: ${code}: ${message}`).join('; ');
}
