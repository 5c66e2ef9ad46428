import { Inject, Injectable } from '@nestjs/common';
import type { NetworkId } from '#libs/contracts/ids.js';
import { AGENT_STATUSES, type AgentStatus, NETWORK_STATUSES, type NetworkStatus } from '#libs/contracts/statuses.js';
import { Metrics } from '../foundation/metrics.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { NetworkStatuses } from './network-statuses.js';

/** States in which every concerned agent has proven the current version, or none is concerned. */
const PROVEN: readonly NetworkStatus[] = ['SYNCED', 'EMPTY'];

/** Numbers of agents and networks by state, and the age of the oldest unproven change; read at each scrape. */
@Injectable()
export class StateMetrics {
  /** When each currently unproven network was first seen so by a scrape. */
  private unprovenSince = new Map<NetworkId, number>();

  constructor(
    private readonly directory: Directory,
    private readonly statuses: NetworkStatuses,
    @Inject(CLOCK) private readonly clock: Clock,
    metrics: Metrics,
  ) {
    metrics.gauges('gs_agents', 'Agents by state; each state has a series, even if it is 0', ['state'], () =>
      this.agents(),
    );
    metrics.gauges(
      'gs_networks',
      'Networks by state, which is that of their worst agent; each state has a series, even if it is 0',
      ['state'],
      () => this.networks(),
    );
    metrics.gauge(
      'gs_oldest_unproven_change_seconds',
      'Longest time that a network has waited for agents to prove its present version; 0 if none waits',
      () => this.oldestUnprovenSeconds(),
    );
  }

  private agents() {
    const states = this.directory.agents().map(({ state }) => this.statuses.agentStatus(state.agentId));
    return counted<AgentStatus>(AGENT_STATUSES, states);
  }

  private networks() {
    const states = this.directory.networks().map((record) => this.statuses.ofNetwork(record));
    return counted<NetworkStatus>(NETWORK_STATUSES, states);
  }

  private oldestUnprovenSeconds(): number {
    const nowMs = this.clock().getTime();
    const unproven = this.directory.networks().filter((record) => !PROVEN.includes(this.statuses.ofNetwork(record)));
    this.unprovenSince = new Map(
      unproven.map(({ topology: { networkId }, last }) => [
        networkId,
        this.unprovenSince.get(networkId) ?? last.recordedAt.getTime(),
      ]),
    );
    const oldest = Math.min(nowMs, ...this.unprovenSince.values());
    return (nowMs - oldest) / 1_000;
  }
}

/** One value for each state, also for 0: an alert needs a series. */
function counted<State extends string>(states: readonly State[], present: readonly State[]) {
  return states.map((state) => ({ labels: { state }, value: present.filter((each) => each === state).length }));
}
