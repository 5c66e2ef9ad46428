import { TokenBucket } from '#libs/async/token-bucket.js';
import type { FlowRefusedError, FlowRequest } from './flow.js';
import { formatSource } from './flow-headers.js';
import { type MeshLimits, OWN_WASTE_SHARE, WASTED_BURST_SECONDS } from './settings.js';

/** An answer counts for so long: who asks again later may get another. */
const REMEMBERED_MS = 1_000;
/** More than fit into the budget of that time. */
const MOST_REMEMBERED = 4_096;

interface Remembered {
  readonly refusal: FlowRefusedError;
  readonly untilMs: number;
}

/**
 * Streams that this node wastes at one peer, kept below what the peer lets it waste (StreamBudgets): clients that give
 * up, or that go on asking for what the peer refuses, cannot cost this node its sessions.
 */
export class WastedStreams {
  private readonly budget: TokenBucket;
  private readonly refusals = new Map<string, Remembered>();

  constructor({ wastedStreamsPerSecond }: MeshLimits) {
    const perSecond = wastedStreamsPerSecond * OWN_WASTE_SHARE;
    this.budget = new TokenBucket(perSecond, perSecond * WASTED_BURST_SECONDS, performance.now());
  }

  /** Whether a stream that is not answered yet may be reset; it is counted then. */
  mayGiveUp(): boolean {
    return this.budget.take(1, performance.now());
  }

  /** The peer has refused the flow. */
  refused(request: FlowRequest, refusal: FlowRefusedError): void {
    const nowMs = performance.now();
    this.budget.take(1, nowMs);
    const asked = askedFor(request);
    this.refusals.delete(asked);
    this.refusals.set(asked, { refusal, untilMs: nowMs + REMEMBERED_MS });
    for (const [oldest, { untilMs }] of this.refusals) {
      if (untilMs > nowMs && this.refusals.size <= MOST_REMEMBERED) break;
      this.refusals.delete(oldest);
    }
  }

  /** What the peer answered to the same request a moment ago; null: it is to be asked. */
  knownRefusal(request: FlowRequest): FlowRefusedError | null {
    const nowMs = performance.now();
    if (this.budget.has(1, nowMs)) return null;
    const remembered = this.refusals.get(askedFor(request));
    return remembered === undefined || remembered.untilMs <= nowMs ? null : remembered.refusal;
  }
}

/** What decides the answer: the same flow by a newer topology may be allowed. */
function askedFor({ networkId, alias, port, source, version }: FlowRequest): string {
  return `${networkId} ${alias} ${port} ${formatSource(source)} ${version}`;
}
