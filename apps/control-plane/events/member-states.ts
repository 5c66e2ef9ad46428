import { Inject, Injectable } from '@nestjs/common';
import type { AgentStateEventDto, HeartbeatEventDto, LocalNodeStateEventDto } from '#libs/contracts/http/events.js';
import type { NetworkId, SandboxId } from '#libs/contracts/ids.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Inventories } from '../presence/inventories.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { NetworkStatuses } from '../status/network-statuses.js';
import { type StreamMessage, streamMessage } from './stream-message.js';

const MOST_SANDBOXES = 1_000;

/**
 * Who is in contact, and what members report about themselves and their sandboxes: read every second, sent when
 * changed.
 */
@Injectable()
export class MemberStates {
  private readonly told = new Map<string, string>();
  private readonly sandboxes = new Set<SandboxId>();
  private heartbeatAt = 0;
  private isWatched = false;

  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly localContacts: LocalNodeContacts,
    private readonly statuses: NetworkStatuses,
    private readonly feed: DirectoryFeed,
    inventories: Inventories,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    inventories.onNews((sandboxIds) => {
      if (this.isWatched) for (const sandboxId of sandboxIds) this.sandboxes.add(sandboxId);
    });
  }

  begin(): void {
    this.isWatched = true;
    this.sandboxes.clear();
    this.told.clear();
    this.heartbeatAt = this.clock().getTime();
    this.changes(() => {});
  }

  end(): void {
    this.isWatched = false;
  }

  /** `touch` is called for each network of a changed agent. */
  changes(touch: (networkId: NetworkId) => void): readonly StreamMessage[] {
    const messages: StreamMessage[] = [];
    for (const state of this.agents()) {
      if (!this.isNews(`agent ${state.agentId}`, { ...state, lastContactAt: null })) continue;
      messages.push(streamMessage('agent-state', state));
    }
    for (const { state } of this.directory.agents()) {
      if (!this.isNews(`status ${state.agentId}`, { status: this.statuses.agentStatus(state.agentId) })) continue;
      for (const { topology } of this.directory.networksOfAgent(state.agentId)) touch(topology.networkId);
    }
    for (const state of this.localNodes()) {
      if (!this.isNews(`node ${state.nodeId}`, { ...state, lastContactAt: null })) continue;
      messages.push(streamMessage('local-node-state', state));
    }
    const sandboxIds = [...this.sandboxes].slice(0, MOST_SANDBOXES);
    for (const sandboxId of sandboxIds) this.sandboxes.delete(sandboxId);
    if (sandboxIds.length > 0) messages.push(streamMessage('sandbox-state', { sandboxIds }));
    return messages;
  }

  heartbeat(): StreamMessage {
    const now = this.clock();
    const contacts = this.directory.agents().flatMap(({ state: { agentId } }) => {
      const at = this.contacts.of(agentId)?.lastContactAt;
      if (at === undefined || at.getTime() < this.heartbeatAt) return [];
      return { agentId, lastContactAt: at.toISOString() };
    });
    this.heartbeatAt = now.getTime();
    const heartbeat: HeartbeatEventDto = { at: now.toISOString(), position: this.feed.logEnd.position, contacts };
    return streamMessage('heartbeat', heartbeat);
  }

  private agents(): readonly AgentStateEventDto[] {
    return this.directory.agents().map(({ state: { agentId } }) => {
      const mesh = this.statuses.meshOf(agentId);
      return {
        agentId,
        status: this.statuses.agentStatus(agentId),
        lastContactAt: this.contacts.of(agentId)?.lastContactAt.toISOString() ?? null,
        // The time of the last contact changes every second and is left out.
        mesh: mesh && { ...mesh, lastKnown: null },
      };
    });
  }

  private localNodes(): readonly LocalNodeStateEventDto[] {
    return this.directory.localNodes().map(({ state }) => {
      const contact = this.localContacts.of(state.nodeId);
      return {
        nodeId: state.nodeId,
        network: this.directory.network(state.networkId)?.topology.name ?? null,
        status: this.localContacts.statusOf(state),
        appliedVersion: contact?.appliedVersion ?? null,
        lastContactAt: contact?.lastContactAt.toISOString() ?? null,
      };
    });
  }

  private isNews(key: string, state: object): boolean {
    const text = JSON.stringify(state);
    if (this.told.get(key) === text) return false;
    this.told.set(key, text);
    return true;
  }
}
