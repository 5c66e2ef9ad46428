import { isIPv4 } from 'node:net';
import { addressText, isAssignable, parseAddressRange } from '../proxy/address-range.js';

/** At most this share of a range is used for source addresses, so that enough is left for aliases. */
const LARGEST_PART = 1 / 8;

/**
 * The last addresses of a proxy range, `most` or an eighth of the range: connections to sandboxes come from these, and
 * aliases do not get them. Every sandbox can reach the whole range, so its answers arrive. Throws InvalidInputError.
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

/** After this many sources without a free port, the others probably have none either. */
const MOST_TRIED = 4;

/**
 * The order of source addresses for each dial: sources take turns, so that the ports of all are used alike. Last comes
 * null: the kernel chooses.
 */
export class SourceTurns {
  private next = 0;

  constructor(private readonly sources: readonly string[]) {}

  /** Sources for a dial of this address: loopback addresses reach loopback addresses only, and others only others. */
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
