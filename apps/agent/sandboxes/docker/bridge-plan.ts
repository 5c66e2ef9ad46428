import { addressText, parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import type { DockerSettings } from './docker-settings.js';

/** The address plan of one host's bridge network. */
export interface BridgePlan {
  readonly network: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly prefixBits: number;
  /** The host's own address on the bridge, where DNS listens. */
  readonly gateway: string;
  /** The lower half, from which the Engine assigns addresses to containers. */
  readonly containerRange: string;
  /** The upper half: a container reaches it without an extra route, whatever its default route is. */
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
