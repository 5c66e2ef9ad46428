import { Injectable } from '@nestjs/common';
import type { AppliedAgentDto } from '#libs/contracts/http/status.js';
import type { AgentId, NetworkId, NetworkName } from '#libs/contracts/ids.js';
import type { AgentNetworkStatus } from '#libs/contracts/statuses.js';
import { AgentStates } from '../applied/agent-states.js';
import { DoubtedClaims } from '../applied/doubted-claims.js';
import { Regressions } from '../applied/regressions.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Directory } from '../record/directory.js';
import type { NetworkRecord } from '../record/network-record.js';
import { NetworkStatuses } from './network-statuses.js';

/** An agent that may still serve an earlier network. */
export interface StillServing {
  readonly agentId: AgentId;
  readonly networkId: NetworkId;
  /** The version that deletes the earlier network; null: it is not in this store. */
  readonly deletedBy: number | null;
  readonly status: Exclude<AgentNetworkStatus, 'SYNCED'>;
  readonly reason: string;
  /** It will not let go before somebody acts. */
  readonly isFinal: boolean;
}

/**
 * Networks that had a name before. An agent that has not taken up a deletion goes on to serve that network's names, so
 * nothing is proven of a new network with the same name until the agent has let go of the old one. The same holds for
 * a network that only agents know, since the store was restored from an older copy.
 */
@Injectable()
export class EarlierNetworks {
  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly states: AgentStates,
    private readonly regressions: Regressions,
    private readonly doubted: DoubtedClaims,
    private readonly statuses: NetworkStatuses,
  ) {}

  /** Agents that may still serve an earlier network of this name; for each agent, one of several such networks. */
  stillServing(name: NetworkName): readonly StillServing[] {
    const byAgent = new Map<AgentId, StillServing>();
    for (const record of this.directory.deletedNetworksNamed(name)) {
      for (const agentId of record.members) {
        const serving = this.serving(record, agentId);
        if (serving !== null) byAgent.set(agentId, serving);
      }
    }
    for (const unknown of this.regressions.unknownNetworks()) {
      if (unknown.name !== name) continue;
      for (const { agentId, networkId, detail } of unknown.found) {
        const reason = `it serves a network ${name} that is not in this store: EPOCH_REGRESSED: ${detail}`;
        byAgent.set(agentId, { agentId, networkId, deletedBy: null, status: 'FAILED', reason, isFinal: true });
      }
    }
    return [...byAgent.values()];
  }

  private serving(record: NetworkRecord, agentId: AgentId): StillServing | null {
    if (this.statuses.agentStatus(agentId) === 'REVOKED' || this.hasLetGo(record, agentId)) return null;
    const { status, reason } = this.statuses.ofAgent(record, agentId);
    if (status === 'SYNCED') return null;
    const { networkId, name, version } = record.topology;
    return {
      ...{ agentId, networkId, deletedBy: version, status },
      reason: `it may still serve the network ${name} that was deleted (version ${version}): ${reason}`,
      isFinal: this.isFinal(networkId, agentId, version),
    };
  }

  /** An agent takes no version below the one that it holds, and gets none while its claims are doubted. */
  private isFinal(networkId: NetworkId, agentId: AgentId, deletedBy: number): boolean {
    const ahead = this.regressions.ofAgent(networkId, agentId)?.claim.version ?? 0;
    return ahead >= deletedBy || this.doubted.of(agentId, networkId) !== null;
  }

  /**
   * What an agent said that it holds counts only if it said so after the deletion: before, the network may have been on
   * its way. An agent that had let go of the network before the deletion was never told of it.
   */
  private hasLetGo({ topology, last }: NetworkRecord, agentId: AgentId): boolean {
    const acknowledged = this.states.of(agentId, topology.networkId);
    if (acknowledged?.outcome === 'applied' && acknowledged.to === topology.version) return true;
    const contact = this.contacts.of(agentId);
    if (contact === null || !contact.heard) return !last.concerned.includes(agentId);
    if (contact.held.has(topology.networkId)) return false;
    return contact.lastContactAt > last.recordedAt || !last.concerned.includes(agentId);
  }
}

/**
 * What agents prove of a version, and that no agent follows it that may still serve an earlier network of the same
 * name.
 */
export function withEarlier(
  agents: readonly AppliedAgentDto[],
  stillServing: readonly StillServing[],
): { readonly agents: readonly AppliedAgentDto[]; readonly confirmed: number } {
  const serving = new Map<string, StillServing>(stillServing.map((each) => [each.agentId, each]));
  const concerned = agents.map((agent): AppliedAgentDto => {
    const earlier = serving.get(agent.agentId);
    serving.delete(agent.agentId);
    if (earlier === undefined || agent.status !== 'SYNCED') return agent;
    return { ...agent, status: earlier.status, reason: earlier.reason, tookMs: null };
  });
  const others = [...serving.values()].map(({ agentId, status, reason }): AppliedAgentDto => {
    return { agentId, status, reason, appliedVersion: null, flowsCut: 0, tookMs: null };
  });
  const confirmed = concerned.filter(({ status }) => status === 'SYNCED').length;
  return { agents: [...concerned, ...others], confirmed };
}
