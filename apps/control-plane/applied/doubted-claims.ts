import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { Metrics } from '../foundation/metrics.js';

/** Agents whose statements about a network are not accepted until one of them can be right. */
@Injectable()
export class DoubtedClaims {
  private readonly details = new Map<AgentId, Map<NetworkId, string>>();
  private readonly refused: Counter<'reason'>;

  constructor(metrics: Metrics) {
    this.refused = metrics.counter(
      'gs_claims_refused_total',
      'Refused claims of agents about the versions they hold, by reason',
      ['reason'],
    );
    metrics.gauge(
      'gs_agents_with_doubted_claims',
      'Agents that are not served, because their claim of a version had no valid signature (CLAIM_NOT_SIGNED)',
      () => this.details.size,
    );
  }

  /** Why this agent is set apart for this network; null: it is not. */
  of(agentId: AgentId, networkId: NetworkId): string | null {
    return this.details.get(agentId)?.get(networkId) ?? null;
  }

  /** Returns true if it was not set apart before. The agent takes part in the network. */
  setApart(agentId: AgentId, networkId: NetworkId, detail: string): boolean {
    this.refused.inc({ reason: 'CLAIM_NOT_SIGNED' });
    const known = this.details.get(agentId) ?? new Map<NetworkId, string>();
    const isNews = !known.has(networkId);
    this.details.set(agentId, known.set(networkId, detail));
    return isNews;
  }

  /** Counts a claim of an agent that takes no part in the network, which has no other effect. */
  countOutsider(): void {
    this.refused.inc({ reason: 'NOT_A_MEMBER' });
  }

  settle(agentId: AgentId, networkId: NetworkId): void {
    const known = this.details.get(agentId);
    if (known?.delete(networkId) && known.size === 0) this.details.delete(agentId);
  }

  forget(agentId: AgentId): void {
    this.details.delete(agentId);
  }
}
