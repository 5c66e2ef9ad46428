import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, NetworkId, NetworkName, SandboxId } from '#libs/contracts/ids.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { type AgentRecord, agentIdOfStream, nextAgentRecord } from '../agents/agent-record.js';
import { foldSandbox, sandboxIdOfStream } from '../sandboxes/sandbox-record.js';
import {
  type NetworkRecord,
  networkIdOfStream,
  nextNetworkRecord,
  REMEMBERED_VERSIONS,
  type VersionChange,
} from './network-record.js';

/** What a batch of events changed. */
export interface DirectoryChange {
  /** Each network once, with everybody that any of its new versions concerns. */
  readonly networks: ReadonlyMap<NetworkId, { readonly concerned: ReadonlySet<AgentId>; readonly urgent: boolean }>;
  readonly agents: ReadonlySet<AgentId>;
}

/** Events that may take something away from somebody: they are not held back to be coalesced. */
const URGENT_TYPES: ReadonlySet<string> = new Set([
  'PolicyRuleRemoved',
  'AliasRemoved',
  'AliasPortsChanged',
  'SandboxDetached',
  'SandboxPlacementChanged',
  'SandboxLabelsChanged',
  'NetworkDeleted',
]);

/**
 * Everything the log says now, in memory: the fold of each network, sandbox and agent. It holds nothing that a
 * replay would not bring back.
 */
export class Directory {
  private readonly networksById = new Map<NetworkId, NetworkRecord>();
  private readonly networkIds = new Map<NetworkName, NetworkId>();
  private readonly lastNetworkIds = new Map<NetworkName, NetworkId>();
  private readonly versions = new Map<NetworkId, VersionChange[]>();
  private readonly sandboxesById = new Map<SandboxId, SandboxState>();
  private readonly networksOfSandbox = new Map<SandboxId, Set<NetworkId>>();
  private readonly networksOfAgents = new Map<AgentId, Set<NetworkId>>();
  private readonly agentsById = new Map<AgentId, AgentRecord>();
  private unreadableCount = 0;
  private lastPosition = 0;

  get position(): number {
    return this.lastPosition;
  }

  /** Events that this program could not read: a newer release wrote them. */
  get unreadableEvents(): number {
    return this.unreadableCount;
  }

  /** Networks that exist now. */
  networks(): readonly NetworkRecord[] {
    return [...this.networkIds.values()].flatMap((id) => this.networksById.get(id) ?? []);
  }

  /** By id, deleted ones too. */
  network(networkId: NetworkId): NetworkRecord | null {
    return this.networksById.get(networkId) ?? null;
  }

  networkNamed(name: NetworkName): NetworkRecord | null {
    const id = this.networkIds.get(name);
    return id === undefined ? null : this.network(id);
  }

  /** The network of this name that was deleted last, unless there is one now. */
  lastNetworkNamed(name: NetworkName): NetworkId | null {
    return this.lastNetworkIds.get(name) ?? null;
  }

  /** Whom a recent version concerns; null when it is too old to be remembered, or not known yet. */
  versionChange(networkId: NetworkId, version: number): VersionChange | null {
    return this.versions.get(networkId)?.find((change) => change.version === version) ?? null;
  }

  sandboxes(): readonly SandboxState[] {
    return [...this.sandboxesById.values()];
  }

  sandbox(sandboxId: SandboxId): SandboxState | null {
    return this.sandboxesById.get(sandboxId) ?? null;
  }

  networksOf(sandboxId: SandboxId): readonly NetworkRecord[] {
    return [...(this.networksOfSandbox.get(sandboxId) ?? [])].flatMap((id) => this.networksById.get(id) ?? []);
  }

  /** Networks that this agent takes part in now. */
  networksOfAgent(agentId: AgentId): readonly NetworkRecord[] {
    return [...(this.networksOfAgents.get(agentId) ?? [])].flatMap((id) => this.networksById.get(id) ?? []);
  }

  agents(): readonly AgentRecord[] {
    return [...this.agentsById.values()];
  }

  agent(agentId: AgentId): AgentRecord | null {
    return this.agentsById.get(agentId) ?? null;
  }

  /** Takes the next events of the log; events already taken are passed over. */
  apply(events: readonly StoredEvent[]): DirectoryChange {
    const networks = new Map<NetworkId, { concerned: Set<AgentId>; urgent: boolean }>();
    const agents = new Set<AgentId>();
    for (const event of events) {
      if (event.position <= this.lastPosition) continue;
      this.lastPosition = event.position;
      const networkId = networkIdOfStream(event.streamId);
      if (networkId !== null) {
        const change = this.applyToNetwork(networkId, event);
        const known = networks.get(networkId) ?? { concerned: new Set(), urgent: false };
        for (const agentId of change?.concerned ?? []) known.concerned.add(agentId);
        networks.set(networkId, { ...known, urgent: known.urgent || isUrgent(event) });
        continue;
      }
      const sandboxId = sandboxIdOfStream(event.streamId);
      if (sandboxId !== null) {
        this.readOrSkip(() => {
          const sandbox = foldSandbox(this.sandbox(sandboxId), [event]);
          if (sandbox !== null) this.sandboxesById.set(sandboxId, sandbox);
        });
        continue;
      }
      const agentId = agentIdOfStream(event.streamId);
      if (agentId === null) continue;
      this.readOrSkip(() => this.agentsById.set(agentId, nextAgentRecord(this.agent(agentId), event)));
      agents.add(agentId);
    }
    return { networks, agents };
  }

  /** An event of a newer release is counted and passed over: its stream stays as it was read so far. */
  private readOrSkip(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.unreadableCount += 1;
    }
  }

  private applyToNetwork(networkId: NetworkId, event: StoredEvent): VersionChange | null {
    const before = this.network(networkId);
    const record = nextNetworkRecord(before, event);
    if (record === null) return null;
    this.networksById.set(networkId, record);
    if (record.unreadable !== null) {
      this.unreadableCount += 1;
      return null;
    }
    const { topology, last } = record;
    this.lastNetworkIds.set(topology.name, networkId);
    if (topology.deleted) this.networkIds.delete(topology.name);
    else this.networkIds.set(topology.name, networkId);
    for (const sandboxId of topology.deleted ? [] : topology.sandboxes.keys()) {
      if (before?.topology.sandboxes.has(sandboxId)) continue;
      const networks = this.networksOfSandbox.get(sandboxId) ?? new Set();
      this.networksOfSandbox.set(sandboxId, networks.add(networkId));
    }
    for (const sandboxId of before?.topology.sandboxes.keys() ?? []) {
      if (topology.deleted || !topology.sandboxes.has(sandboxId)) {
        this.networksOfSandbox.get(sandboxId)?.delete(networkId);
      }
    }
    for (const agentId of last.concerned) {
      const networks = this.networksOfAgents.get(agentId) ?? new Set();
      if (record.participants.includes(agentId)) networks.add(networkId);
      else networks.delete(networkId);
      this.networksOfAgents.set(agentId, networks);
    }
    const versions = this.versions.get(networkId) ?? [];
    versions.push(last);
    if (versions.length > REMEMBERED_VERSIONS) versions.shift();
    this.versions.set(networkId, versions);
    return last;
  }
}

function isUrgent(event: StoredEvent): boolean {
  return URGENT_TYPES.has(event.type) || (event.type === 'PolicyRuleAdded' && event.data.effect === 'deny');
}
