import { BlockList, isIP, isIPv4 } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';

/** Ranges that no outside name may point to, whatever the settings say. */
const ALWAYS_FORBIDDEN = [
  // This machine itself.
  ...['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'],
  // This machine's links (RFC 3927, RFC 4291), where clouds serve their metadata, and groups of machines on them.
  ...['169.254.0.0/16', 'fe80::/10', '224.0.0.0/4', '255.255.255.255/32', 'ff00::/8'],
  // Tunnels and local translation that lead to an IPv4 address inside the IPv6 one: 6to4 (RFC 3056), Teredo (RFC 4380),
  // NAT64 with a prefix of the site's own, in which the IPv4 address may stand at several places (RFC 8215).
  ...['2002::/16', '2001::/32', '64:ff9b:1::/48'],
];

/** IPv6 prefixes whose last 32 bits are an IPv4 address: RFC 4291 section 2.5.5, RFC 2765 section 2.1, RFC 6052 section 2.1. */
const EMBEDDING_PREFIXES = [/^0:0:0:0:0:(?:0|ffff):/, /^0:0:0:0:ffff:0:/, /^64:ff9b:0:0:0:0:/];

/**
 * Tells whether an address (dotted quad, or eight colon-separated groups) lies in one of the CIDR ranges, or is an
 * IPv6 form of an IPv4 address that does. Throws InvalidInputError for a range that is not CIDR.
 */
export function createForbiddenRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of [...ALWAYS_FORBIDDEN, ...ranges]) addRange(list, range);
  return (address) => {
    if (isIPv4(address)) return list.check(address, 'ipv4');
    const embedded = EMBEDDING_PREFIXES.some((prefix) => prefix.test(address)) ? lastQuad(address) : null;
    return list.check(address, 'ipv6') || (embedded !== null && list.check(embedded, 'ipv4'));
  };
}

function addRange(list: BlockList, range: string): void {
  const [network = '', prefix = '', ...rest] = range.split('/');
  const family = isIP(network);
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(bits <= (family === 4 ? 32 : 128))) {
    throw new InvalidInputError('forbidden range', range, 'a CIDR range such as 127.77.0.0/16 or fd00::/8');
  }
  list.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
}

function lastQuad(address: string): string {
  const [high = 0, low = 0] = address
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
