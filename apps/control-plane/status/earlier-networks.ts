import { Injectable } from '@nestjs/common';
import type { AppliedAgentDto } from '#libs/contracts/http/status.js';
import type { AgentId, NetworkId, NetworkName } from '#libs/contracts/ids.js';
import type { AgentNetworkStatus } from '#libs/contracts/statuses.js';
import { AppliedLog } from '../applied/applied-log.js';
import { DoubtedClaims } from '../applied/doubted-claims.js';
import { Regressions } from '../applied/regressions.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Directory } from '../record/directory.js';
import type { NetworkRecord } from '../record/network-record.js';
import { StoreEpoch } from '../record/store-epoch.js';
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
 * Finds the agents that may still serve an earlier network of the same name. An agent that has not applied a network's
 * deletion still answers for its names, so nothing is proven of a new network with that name. A network that only
 * agents know, because the store was restored from an older copy, counts as an earlier one.
 */
@Injectable()
export class EarlierNetworks {
  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly log: AppliedLog,
    private readonly epoch: StoreEpoch,
    private readonly regressions: Regressions,
    private readonly doubted: DoubtedClaims,
    private readonly statuses: NetworkStatuses,
  ) {}

  /** Agents that may still serve an earlier network of this name; for each agent, one of several such networks. */
  async stillServing(name: NetworkName): Promise<readonly StillServing[]> {
    const byAgent = new Map<AgentId, StillServing>();
    for (const record of this.directory.deletedNetworksNamed(name)) {
      const serving = [...record.members].flatMap((agentId) => this.serving(record, agentId) ?? []);
      const acknowledged = serving.length === 0 ? new Set() : await this.acknowledged(record);
      for (const each of serving) if (!acknowledged.has(each.agentId)) byAgent.set(each.agentId, each);
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

  /** The agents that acknowledged the deletion, also to an earlier process. */
  private async acknowledged({ topology }: NetworkRecord): Promise<ReadonlySet<AgentId>> {
    const records = await this.log.read(topology.networkId, topology.version, this.epoch.current);
    const applied = records.filter(({ to, outcome }) => to === topology.version && outcome === 'applied');
    return new Set(applied.map(({ agentId }) => agentId));
  }

  /** An agent takes no version below the one that it holds, and gets none while its claims are doubted. */
  private isFinal(networkId: NetworkId, agentId: AgentId, deletedBy: number): boolean {
    const ahead = this.regressions.ofAgent(networkId, agentId)?.claim.version ?? 0;
    return ahead >= deletedBy || this.doubted.of(agentId, networkId) !== null;
  }

  /**
   * Whether the agent's last contact shows that it does not serve the deleted network. A contact from before the
   * deletion shows nothing: the network may have been on its way to the agent then. An agent that took no part any more
   * when the network was deleted is not told of the deletion; it counts only if it names the network.
   */
  private hasLetGo({ topology, last }: NetworkRecord, agentId: AgentId): boolean {
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
