import { TokenBucket } from '#libs/async/token-bucket.js';
import type { FlowRefusedError, FlowRequest } from './flow.js';
import { formatSource } from './flow-headers.js';
import { type MeshLimits, OWN_WASTE_SHARE, WASTED_BURST_SECONDS } from './settings.js';

/** How long an answer is reused; a request after that goes to the peer again. */
const REMEMBERED_MS = 1_000;
/** More than the budget allows in that time. */
const MOST_REMEMBERED = 4_096;

interface Remembered {
  readonly refusal: FlowRefusedError;
  readonly untilMs: number;
}

/**
 * Keeps the streams that this node wastes at one peer below what the peer tolerates (StreamBudgets). Otherwise clients
 * that give up, or repeat what the peer refuses, could cost this node its sessions.
 */
export class WastedStreams {
  private readonly budget: TokenBucket;
  private readonly refusals = new Map<string, Remembered>();

  constructor({ wastedStreamsPerSecond }: MeshLimits) {
    const perSecond = wastedStreamsPerSecond * OWN_WASTE_SHARE;
    this.budget = new TokenBucket(perSecond, perSecond * WASTED_BURST_SECONDS, performance.now());
  }

  /** Whether a stream without an answer may be reset; if so, counts it as wasted. */
  mayGiveUp(): boolean {
    return this.budget.take(1, performance.now());
  }

  /** Remembers that the peer refused the flow. */
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

  /** The peer's recent answer to the same request; null: ask the peer. */
  knownRefusal(request: FlowRequest): FlowRefusedError | null {
    const nowMs = performance.now();
    if (this.budget.has(1, nowMs)) return null;
    const remembered = this.refusals.get(askedFor(request));
    return remembered === undefined || remembered.untilMs <= nowMs ? null : remembered.refusal;
  }
}

/** Everything that decides the answer; a newer topology version may allow the same flow. */
function askedFor({ networkId, alias, port, source, version }: FlowRequest): string {
  return `${networkId} ${alias} ${port} ${formatSource(source)} ${version}`;
}
