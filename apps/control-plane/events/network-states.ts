import { Injectable } from '@nestjs/common';
import type { NetworkStateEventDto } from '#libs/contracts/http/events.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import { AgentStates } from '../applied/agent-states.js';
import { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import type { NetworkRecord } from '../record/network-record.js';
import { NetworkStatuses } from '../status/network-statuses.js';
import { type StreamMessage, streamMessage } from './stream-message.js';

/** Networks computed in one run; the others follow in the next. */
const MOST_AT_ONCE = 100;
const SETTLED = new Set<string>(['SYNCED', 'EMPTY', 'QUARANTINED']);

/** The state of each network, computed again when something about it was reported, and while it changes with time. */
@Injectable()
export class NetworkStates {
  private readonly touched = new Set<NetworkId>();
  private readonly unsettled = new Set<NetworkId>();
  /** Computed after those about which something was reported. */
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

  /** Marks networks whose state can change with time alone: versions become stale, agents fall silent. */
  touchUnsettled(): void {
    for (const networkId of this.unsettled) this.touched.add(networkId);
  }

  /** Marks networks whose state changed without an event: a doubted claim, an agent set apart. */
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

  /** null: unchanged since it was sent, or the network no longer exists. */
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

/** A reason may contain a duration, whose change is not worth a message. */
function withoutReasons(state: NetworkStateEventDto) {
  const missing = state.applied.missing.map((agent) => ({ ...agent, reason: null }));
  return { ...state, applied: { ...state.applied, missing } };
}
