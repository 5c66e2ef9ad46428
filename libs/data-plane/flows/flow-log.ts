import { Occurrences } from '#libs/async/occurrences.js';
import type { FlowRecord } from '../data-plane.js';

/** The first refusals per network, reason and period, which are logged one by one. */
const TOLD_EACH = 1;
const PERIOD_MS = 60_000;
const SEPARATOR = ' ';

export interface FlowLogLines {
  /** Called for every flow. */
  readonly detail: (flow: FlowRecord) => void;
  /** Called for the first refusal per network and reason in a minute. */
  readonly refused: (flow: FlowRecord) => void;
  /** Called with the number of further refusals in that minute; null: of networks that this host does not hold. */
  readonly moreRefused: (networkId: string | null, code: string, count: number) => void;
}

/** Writes this host's flows to its log, and keeps the log short however many are refused. */
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

  /** Logs the counts that are still open. */
  close(): void {
    this.refusals.end();
  }
}

/** A peer may name any network, so all unknown networks count as one. */
function nameOf({ code, networkId }: FlowRecord): string {
  return code === 'NETWORK_UNKNOWN' ? code : `${code}${SEPARATOR}${networkId}`;
}

/** Near misses would be most of the line; `gstacks network test` shows them. */
function withoutNearMisses(flow: FlowRecord): FlowRecord {
  return flow.verdict === null ? flow : { ...flow, verdict: { ...flow.verdict, nearMisses: [] } };
}
