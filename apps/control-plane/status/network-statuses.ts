import { Inject, Injectable } from '@nestjs/common';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { MeshStateDto } from '#libs/contracts/http/agents.js';
import {
  type AgentNetworkStatusDto,
  type AppliedSummaryDto,
  type LocalNodeStatusDto,
  type MissingAgentDto,
  MOST_MISSING,
  type RefusedFlowsDto,
} from '#libs/contracts/http/status.js';
import type { AgentId, FlowId, NetworkId } from '#libs/contracts/ids.js';
import type { AgentStatus, NetworkStatus } from '#libs/contracts/statuses.js';
import { AgentStates } from '../applied/agent-states.js';
import { DoubtedClaims } from '../applied/doubted-claims.js';
import { Regressions } from '../applied/regressions.js';
import { CLOCK, type Clock, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { AgentContacts, type Contact } from '../presence/agent-contacts.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { meshView } from '../presence/mesh-view.js';
import { Directory } from '../record/directory.js';
import { ExpectedHashes } from '../record/expected-hashes.js';
import { agentsConcerned, isQuarantined, type NetworkRecord } from '../record/network-record.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { type AgentNetworkState, agentNetworkState, networkStatus } from './agent-network-status.js';
import type { Hearing } from './sandbox-condition.js';

/** Collects what is known about agents and networks. */
@Injectable()
export class NetworkStatuses {
  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly states: AgentStates,
    private readonly localContacts: LocalNodeContacts,
    private readonly regressions: Regressions,
    private readonly doubted: DoubtedClaims,
    private readonly epoch: StoreEpoch,
    private readonly hashes: ExpectedHashes,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  agentStatus(agentId: AgentId): AgentStatus {
    return this.directory.agent(agentId)?.state.status === 'revoked' ? 'REVOKED' : this.contacts.statusOf(agentId);
  }

  /** Whether the agent is in contact, and if not, since when. */
  hearingOf(agentId: AgentId): Hearing {
    return {
      status: this.agentStatus(agentId),
      lastContactAt: this.contacts.of(agentId)?.lastContactAt ?? null,
    };
  }

  /** The agent's state in the mesh, as far as known; null: it never reported one. */
  meshOf(agentId: AgentId): MeshStateDto | null {
    return meshView(this.contacts.of(agentId), this.agentStatus(agentId), this.clock());
  }

  ofAgent(record: NetworkRecord, agentId: AgentId): AgentNetworkState {
    const { topology, last, unreadable } = record;
    const { networkId, version } = topology;
    const isExpected = this.hashes.remembered(networkId);
    return agentNetworkState(
      {
        agent: this.agentStatus(agentId),
        currentVersion: version,
        epoch: this.epoch.current,
        isCurrentHash: (hash) => isExpected(agentId, version, hash) === true,
        changedAt: last.recordedAt,
        acknowledged: this.states.of(agentId, networkId),
        acknowledgedAt: this.states.receivedAt(agentId, networkId),
        held: this.contacts.of(agentId)?.held.get(networkId) ?? null,
        regression: this.regressions.ofAgent(networkId, agentId)?.detail ?? null,
        doubt: this.doubted.of(agentId, networkId),
        refusal: this.contacts.refusalOf(agentId),
        unreadableFrom: isQuarantined(record) ? null : (unreadable?.version ?? null),
      },
      this.clock(),
      this.settings.staleAfterMs,
    );
  }

  ofNetwork(record: NetworkRecord): NetworkStatus {
    return networkStatus(
      agentsConcerned(record).map((agentId) => this.ofAgent(record, agentId).status),
      {
        quarantined: isQuarantined(record),
        unreadable: record.unreadable !== null,
        regressed: this.regressions.of(record.topology.networkId).length > 0,
      },
    );
  }

  /** How far the current version is applied, and how many flows it cut. */
  applied(record: NetworkRecord): AppliedSummaryDto {
    const cut = new Set<FlowId>();
    const missing: MissingAgentDto[] = [];
    const took: (number | null)[] = [];
    const concerned = agentsConcerned(record);
    for (const agentId of concerned) {
      const { status, appliedVersion, reason } = this.ofAgent(record, agentId);
      if (status !== 'SYNCED') missing.push({ agentId, status, appliedVersion, reason });
      for (const flow of this.acknowledgedNow(record, agentId)?.flowsCut ?? []) cut.add(flow);
      took.push(this.tookMs(record, agentId));
    }
    const isKnown = missing.length === 0 && took.length > 0 && !took.includes(null);
    return {
      confirmed: concerned.length - missing.length,
      expected: concerned.length,
      elapsedMs: isKnown ? Math.max(...took.map((ms) => ms ?? 0)) : null,
      flowsCut: cut.size,
      missing: missing.slice(0, MOST_MISSING),
    };
  }

  private acknowledgedNow({ topology, last }: NetworkRecord, agentId: AgentId): AppliedMessage | null {
    const message = this.states.of(agentId, topology.networkId);
    return message?.to === last.version && message.outcome === 'applied' ? message : null;
  }

  private tookMs(record: NetworkRecord, agentId: AgentId): number | null {
    const at = this.states.receivedAt(agentId, record.topology.networkId);
    if (at === null || this.acknowledgedNow(record, agentId) === null) return null;
    return Math.max(0, at.getTime() - record.last.recordedAt.getTime());
  }

  describe(record: NetworkRecord, agentId: AgentId): AgentNetworkStatusDto {
    const contact = this.contacts.of(agentId);
    const state = this.ofAgent(record, agentId);
    return {
      agentId,
      ...state,
      lastContactAt: contact?.lastContactAt.toISOString() ?? null,
      mesh: this.meshOf(agentId),
      failures: this.states.of(agentId, record.topology.networkId)?.aliasFailures ?? [],
      refusedFlows: refusedOf(contact, record.topology.networkId),
      flowsCut: this.acknowledgedNow(record, agentId)?.flowsCut.length ?? null,
      tookMs: this.tookMs(record, agentId),
    };
  }

  /** The machines that are joined now. They do not count for the network's own status. */
  localNodes({ topology }: NetworkRecord): readonly LocalNodeStatusDto[] {
    return this.directory.localNodes().flatMap(({ state }) => {
      if (state.status !== 'joined' || state.networkId !== topology.networkId) return [];
      const { nodeId, user, machine, expiresAt } = state;
      const contact = this.localContacts.of(nodeId);
      return {
        ...{ nodeId, user, machine, expiresAt },
        status: this.localContacts.statusOf(state),
        appliedVersion: contact?.appliedVersion ?? null,
        lastContactAt: contact?.lastContactAt.toISOString() ?? null,
        mesh: this.localContacts.meshOf(state),
      };
    });
  }
}

function refusedOf(contact: Contact | null, networkId: NetworkId): readonly RefusedFlowsDto[] {
  const ofNetwork = contact?.refusedFlows.filter((refused) => refused.networkId === networkId) ?? [];
  return ofNetwork.map(({ code, count }) => ({ code, count })).sort((one, other) => other.count - one.count);
}
