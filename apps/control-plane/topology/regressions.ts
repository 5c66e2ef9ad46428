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
}
