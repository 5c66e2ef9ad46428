import { setDeadline } from '#libs/async/deadline.js';
import { TokenBucket } from '#libs/async/token-bucket.js';
import { ABSENT, KeptAnswers, outsideReply } from './kept-answers.js';
import { askedName, isCovered } from './outside-patterns.js';
import { EXTENDED_ERROR, HEADER_BYTES, RCODE } from './protocol.js';
import type { Query } from './query.js';
import { addressRecord, bareReply, type Reply } from './responses.js';
import type { ZoneIndex } from './zone-index.js';

/** The answer about a name outside that a rule may allow. */
export type OutsideAnswer =
  | { readonly kind: 'address'; readonly address: string }
  /** No rule allows it for this client after all. */
  | { readonly kind: 'absent' }
  /** It is allowed, but has no address here now. */
  | { readonly kind: 'failed' };

/** Asks the main thread, which assigns addresses to names. */
export type AskOutside = (name: string, source: string) => Promise<OutsideAnswer>;

const FAILED: OutsideAnswer = { kind: 'failed' };
const NOT_NOW = bareReply(RCODE.SERVFAIL, EXTENDED_ERROR.NOT_READY);
const ANSWER_WITHIN_MS = 3_000;
/** An answer is used for at most two periods. A name keeps its address for ten minutes, which is far longer. */
const PERIOD_MS = 60_000;
/** Answers kept in each of the two periods. */
const MOST_KEPT = 20_000;
/** Answers of the last period that are renewed per second: all of them within half a period. */
const ASKED_AGAIN_PER_SECOND = 400;
const ASKED_AGAIN_AT_ONCE = 32;

/**
 * Answers about names outside by client and name, kept while their zone is served. An answer of this period is sent at
 * once. One of the last period is too, and the main thread is asked again meanwhile, so no client waits for a name in
 * use. A name that no pattern of the client covers costs only its look-up.
 */
export class OutsideAnswers {
  private index: ZoneIndex | null = null;
  private latest: KeptAnswers;
  private before: KeptAnswers;
  private beganAtMs: number;
  /** By client and name: questions that the main thread has not answered yet. */
  private asking = new Map<string, Promise<OutsideAnswer>>();
  private readonly askedAgain: TokenBucket;

  /** `now`: monotonic milliseconds; `seed`: a random 32-bit number. */
  constructor(
    private readonly ask: AskOutside,
    private readonly now: () => number,
    private readonly seed: number,
  ) {
    this.latest = new KeptAnswers(seed);
    this.before = this.latest;
    this.beganAtMs = now();
    this.askedAgain = new TokenBucket(ASKED_AGAIN_PER_SECOND, ASKED_AGAIN_AT_ONCE, now());
  }

  /** An answer that can be sent at once; null: none. The object ABSENT: the name does not exist for the client. */
  known(index: ZoneIndex, source: string, packet: Buffer, query: Query): Reply | null {
    if (!index.outside.has(source)) return null;
    this.turn(index);
    const latest = this.latest.find(source, packet, query);
    if (latest !== null) return latest;
    const before = this.before.find(source, packet, query);
    if (before !== null) this.askAgain(source, packet, query);
    return before;
  }

  /**
   * null: no pattern covers the name for this client. The object ABSENT: it does not exist for the client after all.
   */
  answer(index: ZoneIndex, source: string, packet: Buffer, query: Query): Promise<Reply> | null {
    const patterns = index.outside.get(source);
    if (patterns === undefined) return null;
    const name = askedName(packet, query);
    if (name === null || !isCovered(patterns, name)) return null;
    this.turn(index);
    return this.askFor(name, source, packet, query).then((answer) => {
      if (answer.kind === 'absent') return ABSENT;
      if (answer.kind === 'failed') return NOT_NOW;
      const record = addressRecord(answer.address);
      return outsideReply(record, 0, record.length, query.type);
    });
  }

  /** Starts anew for another zone or period, or when as many answers are kept as one period may have. */
  private turn(index: ZoneIndex): void {
    if (this.index !== index) {
      this.index = index;
      this.asking = new Map();
      this.latest = new KeptAnswers(this.seed);
      this.before = this.latest;
      this.beganAtMs = this.now();
      return;
    }
    const nowMs = this.now();
    const periods = Math.floor((nowMs - this.beganAtMs) / PERIOD_MS);
    if (periods === 0 && this.latest.size < MOST_KEPT) return;
    this.before = periods < 2 ? this.latest : new KeptAnswers(this.seed);
    this.latest = new KeptAnswers(this.seed);
    this.beganAtMs = periods === 0 ? nowMs : this.beganAtMs + periods * PERIOD_MS;
  }

  private askAgain(source: string, packet: Buffer, query: Query): void {
    if (!this.askedAgain.has(1, this.now())) return;
    const name = askedName(packet, query);
    if (name === null || this.asking.has(keyOf(source, name))) return;
    this.askedAgain.take(1, this.now());
    void this.askFor(name, source, packet, query);
  }

  /** Asks the main thread once for all concurrent queries, and keeps its answer. */
  private askFor(name: string, source: string, packet: Buffer, { nameEnd }: Query): Promise<OutsideAnswer> {
    const { asking } = this;
    const key = keyOf(source, name);
    const already = asking.get(key);
    if (already !== undefined) return already;
    const wire = Buffer.from(packet.subarray(HEADER_BYTES, nameEnd));
    const asked = this.askInTime(name, source).then((answer) => {
      asking.delete(key);
      // The zone has changed meanwhile, so the answer may no longer be right.
      if (asking !== this.asking || answer.kind === 'failed') return answer;
      this.latest.keep(source, wire, answer.kind === 'absent' ? null : answer.address);
      return answer;
    });
    asking.set(key, asked);
    return asked;
  }

  private askInTime(name: string, source: string): Promise<OutsideAnswer> {
    return new Promise((resolve) => {
      const cancel = setDeadline(ANSWER_WITHIN_MS, () => resolve(FAILED));
      this.ask(name, source).then(
        (answer) => {
          cancel();
          resolve(answer);
        },
        () => {
          cancel();
          resolve(FAILED);
        },
      );
    });
  }
}

function keyOf(source: string, name: string): string {
  return `${source} ${name}`;
}
