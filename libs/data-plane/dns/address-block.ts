import { isIP } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';

/** A block of addresses with the same leading bits (CIDR). */
export interface AddressBlock {
  readonly family: 4 | 6;
  /** 4 or 16 octets; bits after the first `bits` are 0. */
  readonly octets: Uint8Array;
  readonly bits: number;
}

/** `127.77.0.0/16`, `fd00::/8`; throws InvalidInputError. */
export function parseAddressBlock(text: string, field: string): AddressBlock {
  const [network = '', prefix = '', ...rest] = text.split('/');
  const family = isIP(network);
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if ((family !== 4 && family !== 6) || rest.length > 0 || !(bits <= (family === 4 ? 32 : 128))) {
    throw new InvalidInputError(field, text, 'a CIDR range such as 127.77.0.0/16 or fd00::/8');
  }
  return { family, octets: Uint8Array.from(addressOctets(network), masked(bits)), bits };
}

/** Whether all of the other block is in this one. */
export function containsBlock(block: AddressBlock, other: AddressBlock): boolean {
  if (block.family !== other.family || other.bits < block.bits) return false;
  return block.octets.every((octet, index) => octet === masked(block.bits)(other.octets[index] ?? 0, index));
}

/** The octets of an address in any form that Node accepts. */
export function addressOctets(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.').map(Number));
  // A URL's host is in canonical form: no dotted quad, no zone.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

function masked(bits: number): (octet: number, index: number) => number {
  return (octet, index) => octet & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * index))) & 0xff;
}
