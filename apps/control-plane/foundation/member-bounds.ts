import { TokenBucket } from '#libs/async/token-bucket.js';
import { FROM_AGENT, type FromAgent } from '#libs/contracts/bus/subjects.js';

/** What one agent or local node may ask of the control plane. */
export interface MemberBounds {
  /**
   * Acknowledgements, and as many sync requests. A tenth of it for hellos and for heartbeats each, half of that for
   * inventories.
   */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Networks in which it takes no part that one message may name, and networks that it may acknowledge at once. */
  readonly networks: number;
  readonly sandboxes: number;
}

/** Seconds' worth of the rate that may come in a burst, enough for a few starts in a row. */
const BURST_SECONDS = 4;
/** A start causes a message for each network; this many starts may follow one another. */
const STARTS = 2;
const LEAST_INVENTORIES = 5;
/** An unstable mesh causes extra heartbeats and an unstable bus extra hellos: honest members send some in a row. */
const LEAST_BURST = 20;

/**
 * Dropping a message takes some microseconds, more for a large one, so only this many are dropped per member before it
 * counts as flooding. An honest member waits a second or more before it repeats an unanswered message.
 */
const DROPS_AT_ONCE = 1_000;
/** An agent in more networks than the settings allow repeats its request for each after a second. */
const DROPS_PER_NETWORK = 2;
const DROPS_PER_SECOND = 1_000;
const BYTES_PER_DROP = 1_024;
/** A member of which a message was dropped within this time is over its bounds. */
const OVER_MS = 1_000;
/** After a member was found to flood, nothing is taken from it for this long. */
const FLOODING_MS = 5_000;

/** The remaining allowance of one member. */
export class MemberAllowance {
  private readonly messages: ReadonlyMap<FromAgent, TokenBucket>;
  private readonly bytes: TokenBucket;
  private readonly drops: TokenBucket;
  private overUntilMs = Number.NEGATIVE_INFINITY;
  private floodingUntilMs = Number.NEGATIVE_INFINITY;

  constructor(bounds: MemberBounds, nowMs: number) {
    this.messages = new Map(FROM_AGENT.map((kind) => [kind, messagesOf(kind, bounds, nowMs)]));
    this.bytes = new TokenBucket(bounds.bytesPerSecond, bounds.bytesPerSecond * BURST_SECONDS, nowMs);
    this.drops = new TokenBucket(DROPS_PER_SECOND, DROPS_AT_ONCE + DROPS_PER_NETWORK * bounds.networks, nowMs);
  }

  /** False: the message exceeds the allowance. */
  take(kind: FromAgent, bytes: number, nowMs: number): boolean {
    if (this.isFlooding(nowMs)) return false;
    return (this.messages.get(kind)?.take(1, nowMs) ?? false) && this.bytes.take(bytes, nowMs);
  }

  /** Records a dropped message; true: there are so many that dropping them slows others too much. */
  isFlooded(bytes: number, nowMs: number): boolean {
    this.overUntilMs = nowMs + OVER_MS;
    if (this.drops.take(1 + bytes / BYTES_PER_DROP, nowMs)) return false;
    this.floodingUntilMs = nowMs + FLOODING_MS;
    return true;
  }

  /** Whether messages of it were dropped a moment ago. */
  isOver(nowMs: number): boolean {
    return nowMs < this.overUntilMs;
  }

  /** Whether so many were dropped that nothing is taken from it now. */
  isFlooding(nowMs: number): boolean {
    return nowMs < this.floodingUntilMs;
  }

  /** Whether it has been quiet for so long that it equals a new allowance. */
  isFull(nowMs: number): boolean {
    return (
      [this.bytes, this.drops].every((bucket) => bucket.isFull(nowMs)) &&
      [...this.messages.values()].every((bucket) => bucket.isFull(nowMs))
    );
  }
}

function messagesOf(kind: FromAgent, { messagesPerSecond, networks }: MemberBounds, nowMs: number): TokenBucket {
  switch (kind) {
    case 'applied':
    case 'sync':
      return new TokenBucket(messagesPerSecond, messagesPerSecond * BURST_SECONDS + STARTS * networks, nowMs);
    case 'inventory':
      // Inventories are the largest messages and cause the most work; an agent sends at most two a second.
      return new TokenBucket(messagesPerSecond / 20, Math.max(LEAST_INVENTORIES, messagesPerSecond / 10), nowMs);
    case 'hello':
    case 'heartbeat':
      return new TokenBucket(messagesPerSecond / 10, Math.max(LEAST_BURST, messagesPerSecond / 2), nowMs);
  }
}
