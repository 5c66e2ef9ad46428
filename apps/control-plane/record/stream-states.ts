import { Inject, Injectable } from '@nestjs/common';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, LocalNodeId, NetworkId, SandboxId } from '#libs/contracts/ids.js';
import type { AgentState } from '#libs/domain/agent/state.js';
import { agentStream, localNodeStream, networkStream, sandboxStream } from '#libs/domain/events.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/topology/model.js';
import { EVENT_STORE } from '../foundation/provided.js';
import { foldAgent } from './agent-record.js';
import type { VersionedState } from './command-executor.js';
import { Directory } from './directory.js';
import { foldLocalNode } from './local-node-record.js';
import { foldNetwork } from './network-record.js';
import { foldSandbox } from './sandbox-record.js';

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
    const before = known?.topology ?? null;
    const state = foldNetwork(before, await this.store.readStream(networkStream(networkId), before?.version ?? 0));
    return { state, version: state?.version ?? 0 };
  }

  async sandbox(sandboxId: SandboxId): Promise<VersionedState<SandboxState | null>> {
    const before = this.directory.sandbox(sandboxId);
    const state = foldSandbox(before, await this.store.readStream(sandboxStream(sandboxId), before?.version ?? 0));
    return { state, version: state?.version ?? 0 };
  }

  async localNode(nodeId: LocalNodeId): Promise<VersionedState<LocalNodeState | null>> {
    const before = this.directory.localNode(nodeId)?.state ?? null;
    const state = foldLocalNode(before, await this.store.readStream(localNodeStream(nodeId), before?.version ?? 0));
    return { state, version: state?.version ?? 0 };
  }

  async agent(agentId: AgentId): Promise<VersionedState<AgentState | null>> {
    const before = this.directory.agent(agentId)?.state ?? null;
    const state = foldAgent(before, await this.store.readStream(agentStream(agentId), before?.version ?? 0));
    return { state, version: state?.version ?? 0 };
  }
}
