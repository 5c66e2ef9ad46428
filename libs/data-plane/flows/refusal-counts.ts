import { MAX_REFUSED_FLOWS, type RefusedFlows } from '#libs/contracts/bus/from-member/refused-flows.js';
import type { FlowRecord } from '../data-plane.js';

/** The number of flows that this host has refused since its process started, by network and reason. */
export class RefusalCounts {
  private readonly counts = new Map<string, { -readonly [key in keyof RefusedFlows]: RefusedFlows[key] }>();

  record({ outcome, code, networkId }: FlowRecord): void {
    // A peer may name any network; unknown ones have no status in which the count could be shown.
    if (outcome !== 'refused' || code === 'NETWORK_UNKNOWN') return;
    const key = `${networkId} ${code}`;
    const known = this.counts.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.counts.size < MAX_REFUSED_FLOWS) this.counts.set(key, { networkId, code, count: 1 });
  }

  all(): readonly RefusedFlows[] {
    return [...this.counts.values()].map((refused) => ({ ...refused }));
  }
}
