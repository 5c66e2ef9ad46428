import { isIPv4 } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';

/** The IPv4 addresses of a CIDR block (RFC 4632) as numbers: `size` of them from `first` on. */
export interface AddressRange {
  readonly text: string;
  readonly first: number;
  readonly size: number;
}

const ACCEPTED = 'an IPv4 address or range, such as 127.77.0.0/16 or 10.77.0.1';
/** A block of at least this size has a network and a broadcast address (RFC 3021). */
const SMALLEST_WITH_BROADCAST = 4;

/** One address, or a block that is written with its first address; throws InvalidInputError. */
export function parseAddressRange(value: unknown, field: string): AddressRange {
  if (typeof value !== 'string') throw new InvalidInputError(field, value, ACCEPTED);
  const [address = '', prefixText = '32', ...rest] = value.split('/');
  if (rest.length > 0 || !isIPv4(address) || !/^\d{1,2}$/.test(prefixText) || Number(prefixText) > 32) {
    throw new InvalidInputError(field, value, ACCEPTED);
  }
  const size = 2 ** (32 - Number(prefixText));
  const first = addressNumber(address);
  if (first % size !== 0) {
    throw new InvalidInputError(field, value, `a range that begins at its first address, ${base(first, size)}`);
  }
  return { text: value, first, size };
}

function base(first: number, size: number): string {
  return `${addressText(first - (first % size))}/${32 - Math.log2(size)}`;
}

/** Whether an alias may have the address: not the network's, not the broadcast address, and none that ends in .0. */
export function isAssignable(range: AddressRange, offset: number): boolean {
  if (offset < 0 || offset >= range.size) return false;
  if (range.size < SMALLEST_WITH_BROADCAST) return true;
  return offset !== range.size - 1 && (range.first + offset) % 256 !== 0;
}

/** The inverse of addressText; the text must be an IPv4 address. */
export function addressNumber(text: string): number {
  return text.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** A 32-bit address in dotted form. */
export function addressText(number: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.');
}
