import { Injectable } from '@nestjs/common';
import type { AliasListenersDto, AliasTroubleDto } from '#libs/contracts/http/aliases.js';
import type { AgentId, AliasName } from '#libs/contracts/ids.js';
import type { TopologyAlias } from '#libs/policy/model.js';
import { AgentStates } from '../applied/agent-states.js';
import { agentsConcerned, isQuarantined, type NetworkRecord } from '../record/network-record.js';
import { NetworkStatuses } from './network-statuses.js';

const MOST_TROUBLES = 20;

interface AgentSide {
  readonly agentId: AgentId;
  readonly isKnown: boolean;
  readonly appliedVersion: number;
  readonly failures: ReadonlyMap<AliasName, { readonly code: string; readonly message: string }>;
  readonly reason: string | null;
}

/** At how many agents an alias has its name and listeners, according to their acknowledgements. */
@Injectable()
export class AliasListeners {
  constructor(
    private readonly statuses: NetworkStatuses,
    private readonly states: AgentStates,
  ) {}

  /** Reads the agents once, for any number of aliases. */
  of(record: NetworkRecord): (alias: TopologyAlias) => AliasListenersDto {
    // Agents that applied a quarantine have no listeners of the network.
    const serving = isQuarantined(record) ? [] : agentsConcerned(record);
    const agents = serving.map((agentId) => this.sideOf(record, agentId));
    return (alias) => {
      const troubles = agents.flatMap((agent) => troubleOf(agent, alias) ?? []);
      return {
        up: agents.length - troubles.length,
        expected: agents.length,
        troubles: troubles.slice(0, MOST_TROUBLES),
      };
    };
  }

  private sideOf(record: NetworkRecord, agentId: AgentId): AgentSide {
    const { status, appliedVersion, reason } = this.statuses.ofAgent(record, agentId);
    const failures = this.states.of(agentId, record.topology.networkId)?.aliasFailures ?? [];
    return {
      agentId,
      isKnown: status !== 'OFFLINE' && status !== 'UNKNOWN',
      appliedVersion: appliedVersion ?? 0,
      failures: new Map(failures.map(({ alias, code, message }) => [alias, { code, message }])),
      reason,
    };
  }
}

/** null: its name and listeners are up. */
function troubleOf(agent: AgentSide, { alias, since }: TopologyAlias): AliasTroubleDto | null {
  const { agentId, reason } = agent;
  if (!agent.isKnown) return { agentId, state: 'unknown', code: null, message: reason };
  const failure = agent.failures.get(alias);
  if (failure !== undefined) return { agentId, state: 'failed', ...failure };
  if (agent.appliedVersion < since) return { agentId, state: 'pending', code: null, message: reason };
  return null;
}
