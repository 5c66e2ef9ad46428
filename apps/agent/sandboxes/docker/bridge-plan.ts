import { addressText, parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import type { DockerSettings } from './docker-settings.js';

/** How one host's bridge network is laid out. */
export interface BridgePlan {
  readonly network: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly prefixBits: number;
  /** The host's own address on the bridge, where DNS listens. */
  readonly gateway: string;
  /** The lower half: the Engine gives these to containers. */
  readonly containerRange: string;
  /** The upper half: a container reaches it without a route of its own, whatever its default route is. */
  readonly proxyRange: string;
}

export function planBridge({
  network,
  bridge,
  subnet,
}: Pick<DockerSettings, 'network' | 'bridge' | 'subnet'>): BridgePlan {
  const { first, size } = parseAddressRange(subnet, 'subnet');
  const prefixBits = 32 - Math.log2(size);
  return {
    network,
    bridge,
    subnet,
    prefixBits,
    gateway: addressText(first + 1),
    containerRange: `${addressText(first)}/${prefixBits + 1}`,
    proxyRange: `${addressText(first + size / 2)}/${prefixBits + 1}`,
  };
}
