import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, LocalNodeId, NetworkId, NetworkName, SandboxId } from '#libs/contracts/ids.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import type { AgentEvent } from '#libs/domain/agent/events.js';
import { foldStored, idOfStream } from '#libs/domain/aggregate.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import type { LocalNodeEvent } from '#libs/domain/local-node/events.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { type AgentRecord, nextAgentRecord } from './agent-record.js';
import { type LocalNodeRecord, nextLocalNodeRecord } from './local-node-record.js';
import type { LogState } from './log-state.js';
import { NetworkIndex } from './network-index.js';
import { afterCommand, type NetworkRecord, replayNetwork, type VersionChange } from './network-record.js';
import { type UnreadableEvent, unreadableEvent } from './unreadable-event.js';

interface NetworkChange {
  readonly concerned: ReadonlySet<AgentId>;
  readonly urgent: boolean;
  /** Whether the set of participating agents changed. */
  readonly participantsChanged: boolean;
}

/** Events that end a member, whatever its state was. */
export const ENDS: ReadonlySet<string> = new Set<AgentEvent['type'] | LocalNodeEvent['type']>([
  'AgentRevoked',
  'LocalNodeExpired',
  'LocalNodeRevoked',
  'LocalNodeLeft',
]);

/** The changes of a batch of events. */
export interface DirectoryChange {
  /** Each network once, with all agents that its new versions concern. */
  readonly networks: ReadonlyMap<NetworkId, NetworkChange>;
  readonly sandboxes: ReadonlySet<SandboxId>;
  readonly agents: ReadonlySet<AgentId>;
  readonly localNodes: ReadonlySet<LocalNodeId>;
}

/**
 * The state of the log in memory: the fold of each network, sandbox, agent and local node. A replay rebuilds all of it.
 */
export class Directory {
  private readonly index = new NetworkIndex();
  private readonly sandboxesById = new Map<SandboxId, SandboxState>();
  private readonly sandboxesByAgent = new Map<AgentId, Set<SandboxId>>();
  private readonly agentsById = new Map<AgentId, AgentRecord>();
  private readonly localNodesById = new Map<LocalNodeId, LocalNodeRecord>();
  private readonly unreadableByStream = new Map<string, UnreadableEvent>();
  private lastPosition = 0;

  get position(): number {
    return this.lastPosition;
  }

  /** By stream: its first event that this program cannot read. */
  get unreadableStreams(): ReadonlyMap<string, UnreadableEvent> {
    return this.unreadableByStream;
  }

  /** null: the whole stream was read. */
  unreadable(streamId: string): UnreadableEvent | null {
    return this.unreadableByStream.get(streamId) ?? null;
  }

  /** Networks that exist now. */
  networks(): readonly NetworkRecord[] {
    return this.index.all();
  }

  /** Deleted ones too. */
  allNetworks(): readonly NetworkRecord[] {
    return this.index.everyOne();
  }

  /** By id; includes deleted ones. */
  network(networkId: NetworkId): NetworkRecord | null {
    return this.index.get(networkId);
  }

  networkNamed(name: NetworkName): NetworkRecord | null {
    return this.index.named(name);
  }

  /** The last deleted network with this name, unless one exists now. */
  lastNetworkNamed(name: NetworkName): NetworkId | null {
    return this.index.lastNamed(name);
  }

  /** All deleted networks that had this name. */
  deletedNetworksNamed(name: NetworkName): readonly NetworkRecord[] {
    return this.index.deletedNamed(name);
  }

  /** The agents that a recent version concerns; null: it is too old to be remembered, or not known yet. */
  versionChange(networkId: NetworkId, version: number): VersionChange | null {
    return this.index.version(networkId, version);
  }

  networksOf(sandboxId: SandboxId): readonly NetworkRecord[] {
    return this.index.ofSandbox(sandboxId);
  }

  /** Networks in which this agent takes part, or that it was cut off from by a quarantine. */
  networksOfAgent(agentId: AgentId): readonly NetworkRecord[] {
    return this.index.ofAgent(agentId);
  }

  sandboxes(): readonly SandboxState[] {
    return [...this.sandboxesById.values()];
  }

  /** Those whose agent this is, in whatever state they are. */
  sandboxesOfAgent(agentId: AgentId): readonly SandboxState[] {
    return [...(this.sandboxesByAgent.get(agentId) ?? [])].flatMap((sandboxId) => this.sandbox(sandboxId) ?? []);
  }

  sandbox(sandboxId: SandboxId): SandboxState | null {
    return this.sandboxesById.get(sandboxId) ?? null;
  }

  agents(): readonly AgentRecord[] {
    return [...this.agentsById.values()];
  }

  agent(agentId: AgentId): AgentRecord | null {
    return this.agentsById.get(agentId) ?? null;
  }

  localNodes(): readonly LocalNodeRecord[] {
    return [...this.localNodesById.values()];
  }

  localNode(nodeId: LocalNodeId): LocalNodeRecord | null {
    return this.localNodesById.get(nodeId) ?? null;
  }

  /** What is known up to this position; null: a stream could not be read, and a later release may read it. */
  state(): LogState | null {
    if (this.unreadableByStream.size > 0) return null;
    const [networks, sandboxes] = [this.index.everyOne(), this.sandboxes()];
    return { networks, sandboxes, agents: this.agents(), localNodes: this.localNodes() };
  }

  /** Begins with the state of the log up to a position, instead of reading it so far. */
  restore({ networks, sandboxes, agents, localNodes }: LogState, position: number): void {
    for (const record of networks) this.index.put(record.topology.networkId, record);
    for (const sandbox of sandboxes) this.keepSandbox(sandbox);
    for (const record of agents) this.agentsById.set(record.state.agentId, record);
    for (const record of localNodes) this.localNodesById.set(record.state.nodeId, record);
    this.lastPosition = position;
  }

  /** As apply, for past events that nobody has to be notified of: each network is folded once per batch. */
  replay(events: readonly StoredEvent[]): void {
    const fresh = events.filter(({ position }) => position > this.lastPosition);
    for (const [networkId, own] of Map.groupBy(fresh, ({ streamId }) => idOfStream(NETWORK, streamId))) {
      if (networkId === null) for (const event of own) this.applyElsewhere(event);
      else this.keep(networkId, replayNetwork(this.network(networkId), own));
    }
    this.lastPosition = fresh.at(-1)?.position ?? this.lastPosition;
  }

  /** Takes the next events of the log; events taken already are skipped. */
  apply(events: readonly StoredEvent[]): DirectoryChange {
    const networks = new Map<NetworkId, NetworkChange>();
    const sandboxes = new Set<SandboxId>();
    const agents = new Set<AgentId>();
    const localNodes = new Set<LocalNodeId>();
    for (const run of runsOfCommands(events.filter(({ position }) => position > this.lastPosition))) {
      this.lastPosition = run.at(-1)?.position ?? this.lastPosition;
      const networkId = idOfStream(NETWORK, run[0].streamId);
      if (networkId !== null) {
        for (const part of run.length < LONG_COMMAND ? run.map((event) => [event]) : [run]) {
          networks.set(networkId, this.applyToNetwork(networkId, part, networks.get(networkId)));
        }
        continue;
      }
      for (const event of run) {
        const { sandboxId, agentId, nodeId } = this.applyElsewhere(event);
        if (sandboxId !== null) sandboxes.add(sandboxId);
        if (agentId !== null) agents.add(agentId);
        if (nodeId !== null) localNodes.add(nodeId);
      }
    }
    return { networks, sandboxes, agents, localNodes };
  }

  /** What events of one command change, joined with what is known of the network from this batch already. */
  private applyToNetwork(
    networkId: NetworkId,
    events: readonly StoredEvent[],
    known: NetworkChange | undefined,
  ): NetworkChange {
    const before = this.network(networkId);
    const record = afterCommand(before, events);
    this.keep(networkId, record);
    const last = record === null || record.last === before?.last ? null : record.last;
    return {
      concerned: new Set([...(known?.concerned ?? []), ...(last?.concerned ?? [])]),
      urgent: (known?.urgent ?? false) || (last?.takesAway ?? false),
      participantsChanged: (known?.participantsChanged ?? false) || !sameMembers(before, record),
    };
  }

  private keep(networkId: NetworkId, record: NetworkRecord | null): void {
    if (record === null) return;
    if (record.unreadable !== null) this.unreadableByStream.set(record.unreadable.streamId, record.unreadable);
    this.index.put(networkId, record);
  }

  /** Handles an event of a sandbox, an agent or a local node; returns its id. */
  private applyElsewhere(event: StoredEvent): {
    readonly sandboxId: SandboxId | null;
    readonly agentId: AgentId | null;
    readonly nodeId: LocalNodeId | null;
  } {
    const sandboxId = idOfStream(SANDBOX, event.streamId);
    if (sandboxId !== null) {
      this.readOn(event, () => {
        const sandbox = foldStored(SANDBOX, this.sandbox(sandboxId), [event]);
        if (sandbox !== null) this.keepSandbox(sandbox);
      });
    }
    const nodeId = idOfStream(LOCAL_NODE, event.streamId);
    if (nodeId !== null) {
      this.readOn(event, () => this.localNodesById.set(nodeId, nextLocalNodeRecord(this.localNode(nodeId), event)));
    }
    const agentId = idOfStream(AGENT, event.streamId);
    if (agentId !== null) {
      this.readOn(event, () => this.agentsById.set(agentId, nextAgentRecord(this.agent(agentId), event)));
    }
    return { sandboxId, agentId, nodeId };
  }

  private keepSandbox(sandbox: SandboxState): void {
    const { sandboxId, agentId } = sandbox;
    const before = this.sandbox(sandboxId)?.agentId ?? null;
    this.sandboxesById.set(sandboxId, sandbox);
    if (before === agentId) return;
    if (before !== null) this.sandboxesByAgent.get(before)?.delete(sandboxId);
    if (agentId === null) return;
    this.sandboxesByAgent.set(agentId, (this.sandboxesByAgent.get(agentId) ?? new Set()).add(sandboxId));
  }

  /**
   * After an event that cannot be read, a stream is not read any further, except for events that end a member in any
   * state.
   */
  private readOn(event: StoredEvent, read: () => void): void {
    const known = this.unreadable(event.streamId);
    if (known !== null && !ENDS.has(event.type)) return;
    try {
      read();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (known === null) this.unreadableByStream.set(event.streamId, unreadableEvent(event, error));
    }
  }
}

/** A command of more events than this is folded at once: one by one, each event would copy what it changes. */
const LONG_COMMAND = 64;

/** Events that follow one another on one stream by one command. */
function runsOfCommands(events: readonly StoredEvent[]): readonly (readonly [StoredEvent, ...StoredEvent[]])[] {
  const runs: [StoredEvent, ...StoredEvent[]][] = [];
  for (const event of events) {
    const run = runs.at(-1);
    if (run !== undefined && run[0].streamId === event.streamId && run[0].commandId === event.commandId)
      run.push(event);
    else runs.push([event]);
  }
  return runs;
}

/** Both lists are sorted and without duplicates. */
function sameMembers(before: NetworkRecord | null, now: NetworkRecord | null): boolean {
  const [old, present] = [before?.participants ?? [], now?.participants ?? []];
  if (old === present) return true;
  return old.length === present.length && old.every((agentId, at) => agentId === present[at]);
}
