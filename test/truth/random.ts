/** Draws that a seed determines. */
export interface Random {
  /** A whole number from 0 up to, and not including, the bound. */
  below(bound: number): number;
  /** True with this probability in percent. */
  chance(percent: number): boolean;
  /** One of them. Throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T;
  /** Different elements: `count` of them, or all if there are fewer. */
  sample<T>(items: readonly T[], count: number): readonly T[];
}

/**
 * The draws of one step of one sequence. Each step has its own, so that a step that draws once more or less leaves the
 * later steps unchanged.
 */
export function randomOf(seed: number, step: number): Random {
  let state = scramble(scramble(seed) ^ Math.imul(step + 1, 0x9e37_79b1));
  const below = (bound: number): number => {
    // xorshift32, Marsaglia 2003.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  const pick = <T>(items: readonly T[]): T => {
    const item = items[items.length === 0 ? 0 : below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  };
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick,
    sample(items, count) {
      const left = [...items];
      return Array.from({ length: Math.min(count, left.length) }, () => left.splice(below(left.length), 1)).flat();
    },
  };
}

/** Spreads neighbouring seeds over all 32 bits; never 0, which xorshift would never leave. */
function scramble(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  mixed ^= mixed >>> 16;
  return mixed === 0 ? 1 : mixed;
}
