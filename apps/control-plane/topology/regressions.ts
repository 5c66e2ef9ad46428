import { Injectable } from '@nestjs/common';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';

/** An agent holds what this store never wrote: the store was restored from an older copy, or is another one. */
export interface Regression {
  readonly agentId: AgentId;
  readonly detail: string;
}

/** Networks for which nothing is published until an operator starts a higher epoch (`EPOCH_REGRESSED`). */
@Injectable()
export class Regressions {
  private readonly found = new Map<NetworkId, Regression>();

  of(networkId: NetworkId): Regression | null {
    return this.found.get(networkId) ?? null;
  }

  /** True when this is news. */
  report(networkId: NetworkId, regression: Regression): boolean {
    const isNew = !this.found.has(networkId);
    this.found.set(networkId, regression);
    return isNew;
  }

  /** What a revoked agent said of itself holds nothing up any more: the networks that its word stopped. */
  forget(agentId: AgentId): readonly NetworkId[] {
    const freed = [...this.found].filter(([, regression]) => regression.agentId === agentId).map(([id]) => id);
    for (const networkId of freed) this.found.delete(networkId);
    return freed;
  }
}
