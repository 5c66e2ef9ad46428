import { TokenBucket } from '#libs/async/token-bucket.js';
import { FROM_AGENT, type FromAgent } from '#libs/contracts/bus/subjects.js';

/** What one agent or local node may ask of the control plane. */
export interface MemberBounds {
  /**
   * Acknowledgements, and as many sync requests. Of hellos and heartbeats a tenth, each; of inventories half of that.
   */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Networks that it takes no part in and names all the same; and networks that it may acknowledge all at once. */
  readonly networks: number;
  readonly sandboxes: number;
}

/** Seconds of a steady rate that may come at once: all of a start, and of a few starts in a row. */
const BURST_SECONDS = 4;
/** At a start there is a message for each network; so many may follow one another. */
const STARTS = 2;
const LEAST_INVENTORIES = 5;
/** A mesh that comes and goes hastens heartbeats, and a bus that does makes hellos: some in a row are honest. */
const LEAST_BURST = 20;

/**
 * Dropping a message costs some microseconds, and more for a large one: so many are dropped of one member. An honest
 * one waits for a second or more before it sends again what was not answered.
 */
const DROPS_AT_ONCE = 1_000;
/** An agent in more networks than these settings allow for asks for each of them again after a second. */
const DROPS_PER_NETWORK = 2;
const DROPS_PER_SECOND = 1_000;
const BYTES_PER_DROP = 1_024;
/** Who had a message dropped within this time is over its bounds. */
const OVER_MS = 1_000;
/** Nothing is taken of a member for so long after it was found to flood. */
const FLOODING_MS = 5_000;

/** What one member has left. */
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

  /** False: the message is over what the member may send. */
  take(kind: FromAgent, bytes: number, nowMs: number): boolean {
    if (this.isFlooding(nowMs)) return false;
    return (this.messages.get(kind)?.take(1, nowMs) ?? false) && this.bytes.take(bytes, nowMs);
  }

  /** Takes note of a message that was dropped; true: there are so many that dropping them costs others too much. */
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

  /** Whether so many were dropped that nothing of it is taken now. */
  isFlooding(nowMs: number): boolean {
    return nowMs < this.floodingUntilMs;
  }

  /** Whether it has been quiet for so long that a new allowance would be the same. */
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
      // The largest message, and the one with the most work: an agent sends two a second at most.
      return new TokenBucket(messagesPerSecond / 20, Math.max(LEAST_INVENTORIES, messagesPerSecond / 10), nowMs);
    case 'hello':
    case 'heartbeat':
      return new TokenBucket(messagesPerSecond / 10, Math.max(LEAST_BURST, messagesPerSecond / 2), nowMs);
  }
}
