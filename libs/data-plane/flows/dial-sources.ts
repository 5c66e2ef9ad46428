import { isIPv4 } from 'node:net';
import { addressText, isAssignable, parseAddressRange } from '../proxy/address-range.js';

/** Of a range so much at most is taken for sources, so that aliases have room. */
const LARGEST_PART = 1 / 8;

/**
 * The last addresses of a range of proxy addresses, `most` or as many as an eighth of the range has: connections to
 * sandboxes come from these, and no alias is given one. A sandbox reaches every address of the range by design, so its
 * answers find their way. Throws InvalidInputError.
 */
export function dialSources(range: string, most: number): readonly string[] {
  const parsed = parseAddressRange(range, 'proxy range');
  const wanted = Math.min(most, Math.floor(parsed.size * LARGEST_PART));
  const found: string[] = [];
  for (let offset = parsed.size - 1; offset >= 0 && found.length < wanted; offset -= 1) {
    if (isAssignable(parsed, offset)) found.push(addressText(parsed.first + offset));
  }
  return found;
}

/** After so many sources without a free port the others will have none either. */
const MOST_TRIED = 4;

/**
 * Which addresses a dial is to come from, the first that can be used: each source in its turn, so that the ports of all
 * are used alike, and last the one that the kernel chooses (null).
 */
export class SourceTurns {
  private next = 0;

  constructor(private readonly sources: readonly string[]) {}

  /** For a dial of this address: a loopback address reaches loopback addresses alone, and the other way about. */
  turn(target: string): readonly (string | null)[] {
    const { length } = this.sources;
    const turn: (string | null)[] = [];
    for (let step = 0; step < Math.min(length, MOST_TRIED); step += 1) {
      const source = this.sources[(this.next + step) % length];
      if (source !== undefined && reaches(source, target)) turn.push(source);
    }
    this.next = (this.next + 1) % Math.max(length, 1);
    return [...turn, null];
  }
}

function reaches(source: string, target: string): boolean {
  return isIPv4(target) && isLoopback(source) === isLoopback(target);
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.');
}
