import { Occurrences } from '#libs/async/occurrences.js';
import type { FlowRecord } from '../data-plane.js';

/** Of refusals of one network for one reason in one period, so many are logged one by one. */
const TOLD_EACH = 1;
const PERIOD_MS = 60_000;
const SEPARATOR = ' ';

export interface FlowLogLines {
  /** Every flow, for whoever looks closely. */
  readonly detail: (flow: FlowRecord) => void;
  /** The first refusal of a network for a reason in a minute. */
  readonly refused: (flow: FlowRecord) => void;
  /** How many more there were in that minute; null: of networks that this host does not hold. */
  readonly moreRefused: (networkId: string | null, code: string, count: number) => void;
}

/** Writes the flows of a host to its log, and keeps that short however many are refused. */
export class FlowLog {
  private readonly refusals: Occurrences;

  constructor(
    private readonly lines: FlowLogLines,
    periodMs = PERIOD_MS,
  ) {
    this.refusals = new Occurrences({
      toldEach: TOLD_EACH,
      periodMs,
      summarise: (name, count) => {
        const [code = '', networkId] = name.split(SEPARATOR);
        lines.moreRefused(networkId ?? null, code, count);
      },
    });
  }

  record(flow: FlowRecord): void {
    if (flow.outcome === 'refused' && this.refusals.add(nameOf(flow))) this.lines.refused(withoutNearMisses(flow));
    else this.lines.detail(flow);
  }

  /** Logs what is still to be summarised. */
  close(): void {
    this.refusals.end();
  }
}

/** A peer may name any network: those unknown here count as one. */
function nameOf({ code, networkId }: FlowRecord): string {
  return code === 'NETWORK_UNKNOWN' ? code : `${code}${SEPARATOR}${networkId}`;
}

/** Near misses would be most of a line; `gstacks network test` shows them. */
function withoutNearMisses(flow: FlowRecord): FlowRecord {
  return flow.verdict === null ? flow : { ...flow, verdict: { ...flow.verdict, nearMisses: [] } };
}
