/** Where a tsnet mesh has its nodes: Tailscale's and Headscale's defaults, from RFC 6598 and RFC 4193. */
const TSNET_RANGES = ['100.64.0.0/10', 'fd7a:115c:a1e0::/48'];

export interface HostRanges {
  /** An address, or a range in CIDR form. */
  readonly proxyRange: string;
  readonly linkRanges: readonly string[];
  readonly mesh: 'direct' | 'tsnet';
}

/**
 * Ranges of this host's own, in CIDR form: no outside name may point into them, and reverse look-ups of them go to
 * nobody else. A direct mesh has none, since its nodes have the addresses of their hosts; a host without a mesh joins a
 * tailnet as soon as the control plane offers one.
 */
export function ownRanges({ proxyRange, linkRanges, mesh }: HostRanges): readonly string[] {
  const ranges = [proxyRange, ...linkRanges].map((range) => (range.includes('/') ? range : `${range}/32`));
  return mesh === 'direct' ? ranges : [...ranges, ...TSNET_RANGES];
}
