/** The address ranges of tsnet meshes: the defaults of Tailscale and Headscale, from RFC 6598 and RFC 4193. */
const TSNET_RANGES = ['100.64.0.0/10', 'fd7a:115c:a1e0::/48'];

export interface HostRanges {
  /** An address, or a range in CIDR form. */
  readonly proxyRange: string;
  readonly linkRanges: readonly string[];
  readonly mesh: 'direct' | 'tsnet';
}

/**
 * This host's own ranges in CIDR form. No outside name may resolve to an address in them, and reverse look-ups of them
 * are not forwarded. A direct mesh has none, since its nodes have their hosts' addresses. A host without a mesh counts
 * as one in a tailnet, which it joins as soon as the control plane offers one.
 */
export function ownRanges({ proxyRange, linkRanges, mesh }: HostRanges): readonly string[] {
  const ranges = [proxyRange, ...linkRanges].map((range) => (range.includes('/') ? range : `${range}/32`));
  return mesh === 'direct' ? ranges : [...ranges, ...TSNET_RANGES];
}
