import { Inject, Injectable } from '@nestjs/common';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, LocalNodeId, NetworkId, SandboxId } from '#libs/contracts/ids.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import type { AgentState } from '#libs/domain/agent/state.js';
import { type Aggregate, foldStored, streamOf } from '#libs/domain/aggregate.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/policy/model.js';
import { EVENT_STORE } from '../foundation/provided.js';
import type { VersionedState } from './command-executor.js';
import { Directory } from './directory.js';

/** A stream holds an event of a newer release: nothing is decided on half a stream. */
export class StreamUnreadableError extends CodedError {
  constructor(why: string) {
    super('STREAM_UNREADABLE', why, 'run the release that wrote it, or a later one');
  }
}

/** Present states to decide on: what the directory has, and from the store whatever came after it. */
@Injectable()
export class StreamStates {
  constructor(
    private readonly directory: Directory,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async network(networkId: NetworkId): Promise<VersionedState<Topology | null>> {
    const known = this.directory.network(networkId);
    if (known?.unreadable) throw new StreamUnreadableError(known.unreadable);
    return this.load(NETWORK, networkId, known?.topology ?? null);
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
    const stored = await this.store.readStream(streamOf(aggregate, id), before?.version ?? 0);
    const state = foldStored(aggregate, before, stored);
    return { state, version: state?.version ?? 0 };
  }
}
