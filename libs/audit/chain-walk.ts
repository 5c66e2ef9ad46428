import { eventHash, GENESIS_HASH, type HashedFields } from './hash-chain.js';

/** The log's end as somebody outside the log saw it: a tail that is gone shows only against this. */
export interface LogAnchor {
  readonly position: number;
  readonly hash: string;
}

export const LOG_PROBLEMS = [
  /** An event's fields are not those that were hashed. */
  'CHANGED',
  /** A position is not there. */
  'MISSING',
  /** An event does not name the hash of the one before it. */
  'UNLINKED',
  /** The log ends before an event that is known to have been in it. */
  'TAIL_LOST',
  /** Another event stands where the anchor was. */
  'REWRITTEN',
  /** A command without its events, or an event without its command. */
  'UNPAIRED',
  /** A line of an export is not an event as it is exported. */
  'UNREADABLE',
  /** No signed head tells where the log ends. */
  'HEAD_MISSING',
  /** The head was signed with another key, or changed since. */
  'HEAD_FOREIGN',
] as const;
export type LogProblem = (typeof LOG_PROBLEMS)[number];

export interface BrokenLog {
  readonly kind: 'broken';
  readonly problem: LogProblem;
  /** Where the first problem is. */
  readonly position: number;
  readonly detail: string;
}

export type LogVerification = { readonly kind: 'intact'; readonly head: LogAnchor } | BrokenLog;

/** An event with its place in the chain. */
export interface ChainedEvent extends HashedFields {
  readonly previousHash: string;
  readonly hash: string;
}

/** Takes the events of a log one by one, in order, and remembers the first problem. */
export class ChainWalk {
  private end: LogAnchor = { position: 0, hash: GENESIS_HASH };
  private broken: BrokenLog | null = null;

  /** `anchors`: events that were seen in this log before. */
  constructor(private readonly anchors: readonly LogAnchor[] = []) {}

  /** The first problem so far. */
  get found(): BrokenLog | null {
    return this.broken;
  }

  /** The last event that was taken. */
  get head(): LogAnchor {
    return this.end;
  }

  next(event: ChainedEvent): void {
    if (this.broken !== null) return;
    const { position, previousHash, hash } = event;
    const expected = this.end.position + 1;
    if (position !== expected) {
      this.report('MISSING', expected, `event ${expected} is missing; the next one is ${position}`);
    } else if (previousHash !== this.end.hash) {
      this.report(
        'UNLINKED',
        expected,
        `names ${previousHash} as the hash of the event before it, which is ${this.end.hash}`,
      );
    } else if (eventHash(previousHash, event) !== hash) {
      this.report('CHANGED', expected, `${event.type} of ${event.streamId} does not match its hash: it was changed`);
    } else {
      this.compare({ position, hash });
    }
    this.end = { position, hash };
  }

  /** What was found of the whole log. */
  finish(): LogVerification {
    const lost = this.anchors.find(({ position }) => position > this.end.position);
    if (lost !== undefined) {
      this.report(
        'TAIL_LOST',
        this.end.position + 1,
        `the log ends here, but reached position ${lost.position} before`,
      );
    }
    return this.broken ?? { kind: 'intact', head: this.end };
  }

  report(problem: LogProblem, position: number, detail: string): void {
    this.broken ??= { kind: 'broken', problem, position, detail };
  }

  private compare({ position, hash }: LogAnchor): void {
    const other = this.anchors.find((anchor) => anchor.position === position && anchor.hash !== hash);
    if (other !== undefined) this.report('REWRITTEN', position, `has hash ${hash}, but had ${other.hash} before`);
  }
}
