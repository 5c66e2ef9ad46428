import { Inject, Injectable } from '@nestjs/common';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, LocalNodeId, NetworkId, SandboxId } from '#libs/contracts/ids.js';
import type { StoreKey } from '#libs/contracts/store-keys.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import type { AgentState } from '#libs/domain/agent/state.js';
import { type Aggregate, foldStored, streamOf } from '#libs/domain/aggregate.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import { STORE_KEY } from '#libs/domain/store-key/aggregate.js';
import type { StoreKeyState } from '#libs/domain/store-key/state.js';
import type { EventStore, StoredEvent } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/policy/model.js';
import { EVENT_STORE } from '../foundation/provided.js';
import type { VersionedState } from './command-executor.js';
import { Directory } from './directory.js';
import { streamTitle } from './stream-title.js';
import { StreamUnreadableError, unreadableEvent } from './unreadable-event.js';

/** The states to decide on: those in the directory, completed with newer events from the store. */
@Injectable()
export class StreamStates {
  constructor(
    private readonly directory: Directory,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** Each may throw StreamUnreadableError. */
  network(networkId: NetworkId): Promise<VersionedState<Topology | null>> {
    return this.load(NETWORK, networkId, this.directory.network(networkId)?.topology ?? null);
  }

  sandbox(sandboxId: SandboxId): Promise<VersionedState<SandboxState | null>> {
    return this.load(SANDBOX, sandboxId, this.directory.sandbox(sandboxId));
  }

  localNode(nodeId: LocalNodeId): Promise<VersionedState<LocalNodeState | null>> {
    return this.load(LOCAL_NODE, nodeId, this.directory.localNode(nodeId)?.state ?? null);
  }

  agent(agentId: AgentId): Promise<VersionedState<AgentState | null>> {
    return this.load(AGENT, agentId, this.directory.agent(agentId)?.state ?? null);
  }

  storeKey(key: StoreKey): Promise<VersionedState<StoreKeyState | null>> {
    return this.load(STORE_KEY, key, null);
  }

  /**
   * For commands that only take access away, and so may be decided on the readable part of a stream: the state of that
   * part, with the version at the end of the stream.
   */
  async networkToEnd(networkId: NetworkId): Promise<VersionedState<Topology | null>> {
    const topology = this.directory.network(networkId)?.topology ?? null;
    const { state, version } = await this.toEnd(streamOf(NETWORK, networkId), topology, this.network(networkId));
    return { state: state && { ...state, version }, version };
  }

  agentToEnd(agentId: AgentId): Promise<VersionedState<AgentState | null>> {
    const known = this.directory.agent(agentId)?.state ?? null;
    return this.toEnd(streamOf(AGENT, agentId), known, this.agent(agentId));
  }

  localNodeToEnd(nodeId: LocalNodeId): Promise<VersionedState<LocalNodeState | null>> {
    const known = this.directory.localNode(nodeId)?.state ?? null;
    return this.toEnd(streamOf(LOCAL_NODE, nodeId), known, this.localNode(nodeId));
  }

  private async toEnd<State>(
    streamId: string,
    readable: State | null,
    whole: Promise<VersionedState<State | null>>,
  ): Promise<VersionedState<State | null>> {
    try {
      return await whole;
    } catch (error) {
      if (!(error instanceof StreamUnreadableError)) throw error;
      return { state: readable, version: await this.store.streamVersion(streamId) };
    }
  }

  private async load<
    Id extends string,
    State extends { readonly version: number },
    Event extends { readonly type: string; readonly data: object },
    Command,
  >(
    aggregate: Aggregate<Id, State, Event, Command>,
    id: Id,
    before: State | null,
  ): Promise<VersionedState<State | null>> {
    const streamId = streamOf(aggregate, id);
    const known = this.directory.unreadable(streamId);
    const title = () => streamTitle(streamId, this.directory);
    if (known !== null) throw new StreamUnreadableError(title(), known);
    const stored = await this.store.readStream(streamId, before?.version ?? 0);
    const state = stored.reduce((state: State | null, event) => readOrRefuse(aggregate, state, event, title), before);
    return { state, version: state?.version ?? 0 };
  }
}

function readOrRefuse<State, Event extends { readonly type: string; readonly data: object }>(
  aggregate: Parameters<typeof foldStored<State, Event>>[0],
  before: State | null,
  event: StoredEvent,
  title: () => string,
): State | null {
  try {
    return foldStored(aggregate, before, [event]);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new StreamUnreadableError(title(), unreadableEvent(event, error));
  }
}
