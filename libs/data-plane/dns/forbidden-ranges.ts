import { type AddressBlock, addressOctets, containsBlock, parseAddressBlock } from './address-block.js';

/** This machine itself. */
export const LOOPBACK_RANGES = ['127.0.0.0/8', '::1/128'];

/** Ranges that lead to nobody, or to whatever an IPv6 address hides. */
export const UNROUTED_RANGES = [
  ...['0.0.0.0/8', '::/128'],
  // This machine's links (RFC 3927, RFC 4291), where clouds serve their metadata, and groups of machines on them.
  ...['169.254.0.0/16', 'fe80::/10', '224.0.0.0/4', '255.255.255.255/32', 'ff00::/8'],
  // Tunnels and local translation that lead to an IPv4 address inside the IPv6 one: 6to4 (RFC 3056), Teredo (RFC 4380),
  // NAT64 with a prefix of the site's own, in which the IPv4 address may stand at several places (RFC 8215).
  ...['2002::/16', '2001::/32', '64:ff9b:1::/48'],
];

/**
 * IPv6 prefixes whose last 32 bits are an IPv4 address: RFC 4291 section 2.5.5, RFC 2765 section 2.1, RFC 6052 section
 * 2.1.
 */
const EMBEDDING_PREFIXES = ['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96'].map((prefix) =>
  parseAddressBlock(prefix, 'prefix'),
);

/**
 * The CIDR ranges and those that no outside name may point to whatever the settings say. Throws InvalidInputError for a
 * range that is not CIDR.
 */
export function forbiddenBlocks(ranges: readonly string[]): readonly AddressBlock[] {
  return blocksOf([...LOOPBACK_RANGES, ...UNROUTED_RANGES, ...ranges]);
}

/** CIDR ranges, each of IPv4 also in its IPv6 forms. Throws InvalidInputError for a range that is not CIDR. */
export function blocksOf(ranges: readonly string[]): readonly AddressBlock[] {
  return ranges.flatMap((range) => {
    const block = parseAddressBlock(range, 'forbidden range');
    return block.family === 6 ? [block] : [block, ...EMBEDDING_PREFIXES.map((prefix) => embedded(prefix, block))];
  });
}

/** Tells whether an address lies in one of the blocks. */
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
