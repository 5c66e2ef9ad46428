import { blocksOf, createForbiddenRanges, LOOPBACK_RANGES, UNROUTED_RANGES } from '../dns/forbidden-ranges.js';

/** RFC 1918, RFC 6598, RFC 4193, RFC 3879, and the reserved range of RFC 1112. */
const PRIVATE_RANGES = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '240.0.0.0/4'],
  ...['fc00::/7', 'fec0::/10'],
];

/** Metadata services of clouds outside link-local ranges: Azure, Alibaba, Oracle, and AWS over IPv6. */
const METADATA_RANGES = ['168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32', 'fd00:ec2::254/128'];

/** Whether an address of a name outside must not be dialled. */
export type IsRefused = (address: string, mayBePrivate: boolean) => boolean;

/**
 * Decides which addresses the agent does not dial for a name outside. `ownRanges`: the proxy, link and mesh ranges of
 * this host, in CIDR form. The agent never dials these, nor link-local, metadata, multicast and tunnel addresses. It
 * dials private and loopback addresses only when the rule allows that (`mayBePrivate`).
 */
export function createRefusedAddresses(ownRanges: readonly string[]): IsRefused {
  const isNever = createForbiddenRanges(blocksOf([...UNROUTED_RANGES, ...METADATA_RANGES, ...ownRanges]));
  // ::1 is also the IPv6 form of 0.0.0.1, which is not routed.
  const isLoopback6 = createForbiddenRanges(blocksOf(['::1/128']));
  const isPrivate = createForbiddenRanges(blocksOf([...LOOPBACK_RANGES, ...PRIVATE_RANGES]));
  return (address, mayBePrivate) =>
    (isNever(address) && !isLoopback6(address)) || (!mayBePrivate && isPrivate(address));
}
