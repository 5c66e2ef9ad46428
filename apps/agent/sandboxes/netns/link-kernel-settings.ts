import { writeFileSync } from 'node:fs';

const SETTINGS: readonly (readonly [family: string, name: string, value: string])[] = [
  ['ipv4/conf', 'forwarding', '0'],
  ['ipv4/conf', 'proxy_arp', '0'],
  ['ipv4/conf', 'accept_redirects', '0'],
  ['ipv4/conf', 'send_redirects', '0'],
  ['ipv4/conf', 'route_localnet', '0'],
  ['ipv6/conf', 'accept_ra', '0'],
  ['ipv6/conf', 'accept_redirects', '0'],
  ['ipv6/conf', 'proxy_ndp', '0'],
];

/**
 * Makes the host ignore routes that the sandbox announces, and answer ARP for its own addresses only. Call it before
 * the link is up.
 */
export function hardenLink(link: string): void {
  for (const [family, name, value] of SETTINGS) writeFileSync(`/proc/sys/net/${family}/${link}/${name}`, value);
}
