import type { FlowRecord } from '#libs/data-plane/data-plane.js';

type Outcome = FlowRecord['outcome'];

/** The numbers of flows of this host that were opened, refused, ended, cut and reset since its process started. */
export class FlowOutcomes {
  private readonly counts: { [outcome in Outcome]: number } = { opened: 0, refused: 0, ended: 0, cut: 0, reset: 0 };

  record({ outcome }: FlowRecord): void {
    this.counts[outcome] += 1;
  }

  all(): { readonly [outcome in Outcome]: number } {
    return { ...this.counts };
  }
}
