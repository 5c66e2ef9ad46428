import { TokenBucket } from '#libs/async/token-bucket.js';
import type { MeshIdentity } from './flow.js';
import { describeIdentity } from './identity.js';
import { type MeshLimits, WASTED_BURST_SECONDS } from './settings.js';

/** What a peer may ask for with one more stream. */
export type Admittance =
  | 'admitted'
  /** It has as many open as it may: this one is refused, and the next may be admitted. */
  | 'refused'
  /** It opens them faster than any honest peer: it is not to be served at all. */
  | 'spent';

/**
 * A peer that has wasted so much of what it may waste is served slowly: what it asks for is likely to be in vain too.
 */
const SLOW_FROM_SHARE = 0.1;

/** A peer that lost its sessions for it may waste this share of what others may at once, when it comes again. */
const AGAIN_SHARE = 0.1;
const AGAIN_FOR_MS = 3_600_000;

interface Budget {
  readonly streams: TokenBucket;
  wasted: TokenBucket;
  /** That `wasted` may give at once. */
  wastedAtOnce: number;
  cutOffAtMs: number;
  open: number;
}

/**
 * Bounds the streams of each peer over all its sessions: how many it may open a second, have open at once, and waste. A
 * stream is wasted when the peer gives it up before it is answered, or when it is refused before
 * anything was tried for it. An honest peer asks its own policy first, and so seldom asks for what another's refuses.
 */
export class StreamBudgets {
  private readonly budgets = new Map<string, Budget>();

  constructor(private readonly limits: MeshLimits) {}

  /** A stream was opened; `closed` follows for it, however it is answered. */
  opened(peer: MeshIdentity): Admittance {
    const name = describeIdentity(peer);
    let budget = this.budgets.get(name);
    if (budget === undefined) {
      this.forgetIdle();
      budget = this.newBudget();
      this.budgets.set(name, budget);
    }
    budget.open += 1;
    if (!budget.streams.take(1, performance.now())) return 'spent';
    return budget.open > this.limits.streamsFromPeer ? 'refused' : 'admitted';
  }

  /** A stream has ended. False: the peer has wasted too many. */
  closed(peer: MeshIdentity, inVain: boolean): boolean {
    const budget = this.budgets.get(describeIdentity(peer));
    if (budget === undefined) return true;
    budget.open -= 1;
    return !inVain || budget.wasted.take(1, performance.now());
  }

  /** The peer has lost its sessions: it was shown what it may do, and gets little to try it again. */
  cutOff(peer: MeshIdentity): void {
    const budget = this.budgets.get(describeIdentity(peer));
    if (budget === undefined) return;
    const { wastedStreamsPerSecond } = this.limits;
    budget.cutOffAtMs = performance.now();
    budget.wastedAtOnce = wastedStreamsPerSecond * WASTED_BURST_SECONDS * AGAIN_SHARE;
    budget.wasted = new TokenBucket(wastedStreamsPerSecond, budget.wastedAtOnce, budget.cutOffAtMs);
  }

  /** Whether the peer has wasted so many of late that it is to be served slowly. */
  isWasteful(peer: MeshIdentity): boolean {
    const budget = this.budgets.get(describeIdentity(peer));
    return budget !== undefined && !budget.wasted.has(budget.wastedAtOnce * (1 - SLOW_FROM_SHARE), performance.now());
  }

  private newBudget(): Budget {
    const { streamsPerSecond, wastedStreamsPerSecond } = this.limits;
    const nowMs = performance.now();
    const wastedAtOnce = wastedStreamsPerSecond * WASTED_BURST_SECONDS;
    return {
      streams: new TokenBucket(streamsPerSecond, streamsPerSecond, nowMs),
      wasted: new TokenBucket(wastedStreamsPerSecond, wastedAtOnce, nowMs),
      wastedAtOnce,
      cutOffAtMs: Number.NEGATIVE_INFINITY,
      open: 0,
    };
  }

  private forgetIdle(): void {
    const nowMs = performance.now();
    for (const [name, { open, streams, wasted, cutOffAtMs }] of this.budgets) {
      const isNew = streams.isFull(nowMs) && wasted.isFull(nowMs) && nowMs - cutOffAtMs > AGAIN_FOR_MS;
      if (open === 0 && isNew) this.budgets.delete(name);
    }
  }
}
