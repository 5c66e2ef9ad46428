import { type AddressBlock, addressOctets, containsBlock, parseAddressBlock } from './address-block.js';

/** This machine itself. */
export const LOOPBACK_RANGES = ['127.0.0.0/8', '::1/128'];

/** Ranges that are not routed, and IPv6 ranges that hide another address. */
export const UNROUTED_RANGES = [
  ...['0.0.0.0/8', '::/128'],
  // Link-local addresses (RFC 3927, RFC 4291), where clouds serve their metadata, and multicast.
  ...['169.254.0.0/16', 'fe80::/10', '224.0.0.0/4', '255.255.255.255/32', 'ff00::/8'],
  // Tunnels and local translation to an IPv4 address inside the IPv6 one: 6to4 (RFC 3056), Teredo (RFC 4380), and NAT64
  // with a site's own prefix, where the IPv4 address may be at several positions (RFC 8215).
  ...['2002::/16', '2001::/32', '64:ff9b:1::/48'],
];

/**
 * IPv6 prefixes whose last 32 bits are an IPv4 address (RFC 4291 section 2.5.5, RFC 2765 section 2.1, RFC 6052 section
 * 2.1).
 */
const EMBEDDING_PREFIXES = ['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96'].map((prefix) =>
  parseAddressBlock(prefix, 'prefix'),
);

/**
 * The given CIDR ranges, together with those that are forbidden whatever the settings say: no outside name may resolve
 * to an address in them. Throws InvalidInputError for a range that is not CIDR.
 */
export function forbiddenBlocks(ranges: readonly string[]): readonly AddressBlock[] {
  return blocksOf([...LOOPBACK_RANGES, ...UNROUTED_RANGES, ...ranges]);
}

/** CIDR ranges; IPv4 ranges also in their IPv6 forms. Throws InvalidInputError for a range that is not CIDR. */
export function blocksOf(ranges: readonly string[]): readonly AddressBlock[] {
  return ranges.flatMap((range) => {
    const block = parseAddressBlock(range, 'forbidden range');
    return block.family === 6 ? [block] : [block, ...EMBEDDING_PREFIXES.map((prefix) => embedded(prefix, block))];
  });
}

/** A function that says whether an address is in one of the blocks. */
export function createForbiddenRanges(blocks: readonly AddressBlock[]): (address: string) => boolean {
  return (address) => {
    const octets = addressOctets(address);
    const asked: AddressBlock = { family: octets.length === 4 ? 4 : 6, octets, bits: 8 * octets.length };
    return blocks.some((block) => containsBlock(block, asked));
  };
}

function embedded(prefix: AddressBlock, { octets, bits }: AddressBlock): AddressBlock {
  const all = Uint8Array.from(prefix.octets);
  all.set(octets, prefix.octets.length - octets.length);
  return { family: 6, octets: all, bits: prefix.bits + bits };
}
