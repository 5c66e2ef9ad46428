import { TokenBucket } from '#libs/async/token-bucket.js';
import type { MeshIdentity } from './flow.js';
import { describeIdentity } from './identity.js';
import { type MeshLimits, WASTED_BURST_SECONDS } from './settings.js';

/** What happens to one more stream of a peer. */
export type Admittance =
  | 'admitted'
  /** The peer has too many open: this one is refused, a later one may be admitted. */
  | 'refused'
  /** The peer opens them faster than any honest peer: its sessions are ended. */
  | 'spent';

/**
 * A peer that has used up this share of its budget of wasted streams is served slowly, since its next request is likely
 * to be wasted too.
 */
const SLOW_FROM_SHARE = 0.1;

/** A peer that comes back after losing its sessions may waste this share of the usual burst. */
const AGAIN_SHARE = 0.1;
const AGAIN_FOR_MS = 3_600_000;

interface Budget {
  readonly streams: TokenBucket;
  wasted: TokenBucket;
  /** Size of the burst that `wasted` allows. */
  wastedAtOnce: number;
  cutOffAtMs: number;
  open: number;
}

/**
 * Bounds the streams of each peer over all its sessions: opened per second, open at once, and wasted. A stream is
 * wasted if the peer gives it up before an answer, or if it is refused before anything was attempted for it. An honest
 * peer evaluates its own policy first, so it seldom asks for what another agent refuses.
 */
export class StreamBudgets {
  private readonly budgets = new Map<string, Budget>();

  constructor(private readonly limits: MeshLimits) {}

  /** Counts an opened stream; `closed` must follow, however the stream is answered. */
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

  /** Counts an ended stream. False: the peer has wasted too many. */
  closed(peer: MeshIdentity, inVain: boolean): boolean {
    const budget = this.budgets.get(describeIdentity(peer));
    if (budget === undefined) return true;
    budget.open -= 1;
    return !inVain || budget.wasted.take(1, performance.now());
  }

  /** The peer lost its sessions: from now on its burst of wasted streams is small. */
  cutOff(peer: MeshIdentity): void {
    const budget = this.budgets.get(describeIdentity(peer));
    if (budget === undefined) return;
    const { wastedStreamsPerSecond } = this.limits;
    budget.cutOffAtMs = performance.now();
    budget.wastedAtOnce = wastedStreamsPerSecond * WASTED_BURST_SECONDS * AGAIN_SHARE;
    budget.wasted = new TokenBucket(wastedStreamsPerSecond, budget.wastedAtOnce, budget.cutOffAtMs);
  }

  /** Whether the peer has wasted so many streams lately that it is served slowly. */
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
