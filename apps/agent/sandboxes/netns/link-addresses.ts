import { createHash } from 'node:crypto';
import { type AddressRange, addressNumber, addressText } from '#libs/data-plane/proxy/address-range.js';

/** The addresses of both ends of the link between an agent and one sandbox. */
export interface Link {
  readonly index: number;
  readonly agentAddress: string;
  readonly sandboxAddress: string;
  readonly agentAddress6: string;
  readonly sandboxAddress6: string;
}

export const LINK_PREFIX_BITS = 30;
export const LINK_PREFIX_BITS_6 = 64;
const ADDRESSES_PER_LINK = 4;
/** The subnet id of an RFC 4193 prefix has 16 bits. */
const MOST_LINKS = 65_536;

export function linkCapacity(range: AddressRange): number {
  return Math.min(Math.floor(range.size / ADDRESSES_PER_LINK), MOST_LINKS);
}

/** The RFC 4193 /48 of an agent's links; its global id is derived from the namespace prefix. */
export function linkRange6(namespacePrefix: string): string {
  const id = createHash('sha256').update(namespacePrefix).digest('hex');
  return `fd${id.slice(0, 2)}:${id.slice(2, 6)}:${id.slice(6, 10)}::/48`;
}

/**
 * The nth /30 of the range and the nth /64 of the IPv6 range: the first usable address is the agent's, the second the
 * sandbox's.
 */
export function linkAt(range: AddressRange, range6: string, index: number): Link {
  const first = range.first + index * ADDRESSES_PER_LINK;
  const network6 = `${range6.slice(0, -'::/48'.length)}:${index.toString(16)}::`;
  return {
    index,
    agentAddress: addressText(first + 1),
    sandboxAddress: addressText(first + 2),
    agentAddress6: `${network6}1`,
    sandboxAddress6: `${network6}2`,
  };
}

/** The index of the link with this address; null: the address is in none. */
export function linkIndexOf(range: AddressRange, address: string): number | null {
  const offset = addressNumber(address) - range.first;
  if (offset < 0 || offset >= range.size) return null;
  const index = Math.floor(offset / ADDRESSES_PER_LINK);
  return index < linkCapacity(range) ? index : null;
}
