import { Injectable } from '@nestjs/common';
import type { NetworkStateEventDto } from '#libs/contracts/http/events.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import { AgentStates } from '../applied/agent-states.js';
import { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import type { NetworkRecord } from '../record/network-record.js';
import { NetworkStatuses } from '../status/network-statuses.js';
import { type StreamMessage, streamMessage } from './stream-message.js';

/** Networks that are worked out in one go: the others wait for the next. */
const MOST_AT_ONCE = 100;
const SETTLED = new Set<string>(['SYNCED', 'EMPTY', 'QUARANTINED']);

/** How far each network is applied: worked out again when something was heard of it, and while it changes with time. */
@Injectable()
export class NetworkStates {
  private readonly touched = new Set<NetworkId>();
  private readonly unsettled = new Set<NetworkId>();
  /** Looked at after those that something was heard of. */
  private readonly swept = new Set<NetworkId>();
  private readonly told = new Map<NetworkId, string>();
  private isWatched = false;

  constructor(
    private readonly directory: Directory,
    private readonly statuses: NetworkStatuses,
    feed: DirectoryFeed,
    states: AgentStates,
  ) {
    feed.onChange(({ networks }) => {
      for (const networkId of networks.keys()) this.touch(networkId);
    });
    states.onChange((_agentId, networkId) => this.touch(networkId));
  }

  begin(): void {
    this.isWatched = true;
    for (const forgotten of [this.touched, this.unsettled, this.swept, this.told]) forgotten.clear();
    for (const record of this.directory.networks()) {
      if (!SETTLED.has(this.statuses.ofNetwork(record))) this.unsettled.add(record.topology.networkId);
    }
  }

  end(): void {
    this.isWatched = false;
  }

  touch(networkId: NetworkId): void {
    if (this.isWatched) this.touched.add(networkId);
  }

  /** Those that become stale, or whose agent falls silent, without anybody saying so. */
  touchUnsettled(): void {
    for (const networkId of this.unsettled) this.touched.add(networkId);
  }

  /** What nobody hears of: a claim that is doubted, an agent that is set apart. */
  sweep(): void {
    for (const { topology } of this.directory.networks()) this.swept.add(topology.networkId);
  }

  changes(): readonly StreamMessage[] {
    const messages: StreamMessage[] = [];
    let left = MOST_AT_ONCE;
    for (const waiting of [this.touched, this.swept]) {
      for (const networkId of waiting) {
        if (left === 0) break;
        left -= 1;
        waiting.delete(networkId);
        const message = this.changeOf(networkId);
        if (message !== null) messages.push(message);
      }
    }
    return messages;
  }

  /** null: it is as it was told, or there is no such network any more. */
  private changeOf(networkId: NetworkId): StreamMessage | null {
    const record = this.directory.network(networkId);
    if (record === null || record.topology.deleted || record.endedBy === 'deletion') {
      this.unsettled.delete(networkId);
      this.told.delete(networkId);
      return null;
    }
    const state = this.stateOf(record);
    if (SETTLED.has(state.status)) this.unsettled.delete(networkId);
    else this.unsettled.add(networkId);
    const text = JSON.stringify(withoutReasons(state));
    if (this.told.get(networkId) === text) return null;
    this.told.set(networkId, text);
    return streamMessage('network-state', state);
  }

  private stateOf(record: NetworkRecord): NetworkStateEventDto {
    const { name: network, version } = record.topology;
    return { network, version, status: this.statuses.ofNetwork(record), applied: this.statuses.applied(record) };
  }
}

/** A reason may say how long something takes, which is no news. */
function withoutReasons(state: NetworkStateEventDto) {
  const missing = state.applied.missing.map((agent) => ({ ...agent, reason: null }));
  return { ...state, applied: { ...state.applied, missing } };
}
