import { isIPv4 } from 'node:net';
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
  const octets = octetsOf(network);
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (octets === null || rest.length > 0 || !(bits <= 8 * octets.length)) {
    throw new InvalidInputError(field, text, 'a CIDR range such as 127.77.0.0/16 or fd00::/8');
  }
  return { family: octets.length === 4 ? 4 : 6, octets: octets.map(masked(bits)), bits };
}

/** Whether all of the other block is in this one. */
export function containsBlock(block: AddressBlock, other: AddressBlock): boolean {
  if (block.family !== other.family || other.bits < block.bits) return false;
  return block.octets.every((octet, index) => octet === masked(block.bits)(other.octets[index] ?? 0, index));
}

/** The octets of an address in any form that Node accepts, without a zone. Throws InvalidInputError. */
export function addressOctets(address: string): Uint8Array {
  const octets = octetsOf(address);
  if (octets === null) throw new InvalidInputError('address', address, 'an IP address');
  return octets;
}

const IPV6_CHARACTERS = /^[\da-f:.]+$/i;

/** null: not an address. Not with Node's isIPv6: its first call takes 5 ms of CPU, in each thread. */
function octetsOf(address: string): Uint8Array | null {
  if (isIPv4(address)) return Uint8Array.from(address.split('.').map(Number));
  const url = IPV6_CHARACTERS.test(address) ? URL.parse(`http://[${address}]`) : null;
  if (url === null) return null;
  // A URL's host is in canonical form: no dotted quad.
  const [head = '', tail] = url.hostname.slice(1, -1).split('::');
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
