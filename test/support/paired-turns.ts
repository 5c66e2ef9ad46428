/**
 * Decides whether calls take longer in one situation than in another, by their slowest hundredth (p99), in spite of
 * disturbances by the machine.
 *
 * The two situations take turns, in pairs, in random order within a pair. Calls of one turn share its disturbances, so
 * a whole turn is one sample. From the pairs so far a bootstrap draws as many pairs repeatedly, and takes the ratio of
 * the p99s of each draw: 95 % of these ratios form an interval. If the whole interval is at most the bound, the bound
 * is kept; if the whole interval is above it, the bound is broken; otherwise more turns are taken. After the last
 * allowed turn the ratio of all turns decides. Both answers follow from the same rule, and nothing is measured a second
 * time.
 */

/** How long each call of one turn took, in milliseconds. */
export type TurnTimes = readonly number[];

export interface TurnPair {
  readonly tried: TurnTimes;
  readonly usual: TurnTimes;
}

export interface RatioRange {
  /** p99 of all tested turns divided by p99 of all usual ones. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly triedMs: number;
  readonly usualMs: number;
}

export interface TurnBounds {
  readonly atMost: number;
  readonly leastPairs: number;
  readonly mostPairs: number;
  /** Between two computations of the interval: each one is a chance to be wrong. */
  readonly pairsBetweenLooks: number;
}

export interface Finding<Kind extends string> extends RatioRange {
  readonly kind: Kind;
  readonly isKept: boolean;
  readonly pairs: number;
}

const DRAWS = 400;
const OUTSIDE_EACH_SIDE = 0.025;
const SLOWEST = 0.01;

/** Numbers from 0 to 1, as Math.random gives them. */
export type Random = () => number;

/** Takes pairs of turns until each kind of call is decided, or one of them breaks the bound. */
export async function takeTurns<Kind extends string>(
  kinds: readonly Kind[],
  takePair: (triedFirst: boolean) => Promise<Readonly<Record<Kind, TurnPair>>>,
  bounds: TurnBounds,
  random: Random,
): Promise<readonly Finding<Kind>[]> {
  const { atMost, leastPairs, mostPairs, pairsBetweenLooks } = bounds;
  const taken: Readonly<Record<Kind, TurnPair>>[] = [];
  for (;;) {
    taken.push(await takePair(random() < 0.5));
    const pairs = taken.length;
    const isLast = pairs >= mostPairs;
    if (!isLast && (pairs < leastPairs || (pairs - leastPairs) % pairsBetweenLooks !== 0)) continue;
    const findings = kinds.map((kind) => {
      const range = rangeOfRatio(
        taken.map((pair) => pair[kind]),
        random,
      );
      const isOpen = range.low <= atMost && range.high > atMost;
      return { kind, ...range, pairs, isKept: isOpen ? range.ratio <= atMost : range.high <= atMost, isOpen };
    });
    const isBroken = findings.some(({ isOpen, isKept }) => !isOpen && !isKept);
    if (isLast || isBroken || findings.every(({ isOpen }) => !isOpen)) return findings;
  }
}

/** The ratio of p99, and the interval of 95 % of the bootstrap's ratios. */
export function rangeOfRatio(pairs: readonly TurnPair[], random: Random): RatioRange {
  const tried = new SlowestHundredth(pairs.map((pair) => pair.tried));
  const usual = new SlowestHundredth(pairs.map((pair) => pair.usual));
  const each = new Uint32Array(pairs.length).fill(1);
  const [triedMs, usualMs] = [tried.of(each), usual.of(each)];
  const ratios = new Float64Array(DRAWS).map(() => {
    const drawn = new Uint32Array(pairs.length);
    for (let count = 0; count < pairs.length; count += 1) {
      const turn = Math.floor(random() * pairs.length);
      drawn[turn] = (drawn[turn] ?? 0) + 1;
    }
    return tried.of(drawn) / usual.of(drawn);
  });
  ratios.sort();
  const at = (share: number): number => ratios[Math.round(share * (DRAWS - 1))] ?? Number.NaN;
  return { ratio: triedMs / usualMs, low: at(OUTSIDE_EACH_SIDE), high: at(1 - OUTSIDE_EACH_SIDE), triedMs, usualMs };
}

/** p99 of turns that count several times or not at all: sorted once, for any number of draws. */
class SlowestHundredth {
  /** Slowest first. */
  private readonly calls: readonly { readonly ms: number; readonly turn: number }[];

  constructor(private readonly turns: readonly TurnTimes[]) {
    this.calls = turns.flatMap((times, turn) => times.map((ms) => ({ ms, turn }))).sort((a, b) => b.ms - a.ms);
  }

  /** `counts`: how often each turn counts. */
  of(counts: Uint32Array): number {
    const all = this.turns.reduce((sum, times, turn) => sum + times.length * (counts[turn] ?? 0), 0);
    let slower = 0;
    for (const { ms, turn } of this.calls) {
      slower += counts[turn] ?? 0;
      if (slower > all * SLOWEST) return ms;
    }
    return Number.NaN;
  }
}

/** The same numbers in each run, from an integer: a linear congruential generator of 31 bits. */
export function repeatable(seed: number): Random {
  let state = seed % 2_147_483_647 || 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
