import type { AddressRange } from '#libs/data-plane/proxy/address-range.js';
import { type Link, linkAt, linkCapacity, linkIndexOf } from './link-addresses.js';
import { interfaceName } from './namespace-names.js';

export interface HostAddress {
  readonly link: string;
  readonly address: string;
}

/**
 * A link for each namespace, as far as the range suffices. An existing link keeps its addresses; the others get the
 * first that nothing on this host uses.
 */
export function chooseLinks(
  range: AddressRange,
  range6: string,
  namespaces: readonly string[],
  inUse: readonly HostAddress[],
): ReadonlyMap<string, Link> {
  const indexOfLink = new Map<string, number>();
  for (const { link, address } of inUse) {
    const index = linkIndexOf(range, address);
    if (index !== null) indexOfLink.set(link, index);
  }
  const taken = new Set(indexOfLink.values());
  const chosen = new Map<string, Link>();
  let next = 0;
  for (const namespace of namespaces) {
    const held = indexOfLink.get(interfaceName(namespace));
    if (held === undefined) while (taken.has(next)) next += 1;
    const index = held ?? next;
    if (index >= linkCapacity(range)) continue;
    taken.add(index);
    chosen.set(namespace, linkAt(range, range6, index));
  }
  return chosen;
}
