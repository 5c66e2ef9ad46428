import { isIPv4 } from 'node:net';
import { parseEndpoint } from '#libs/data-plane/dns/endpoint.js';
import type { ListeningSocket } from '#libs/data-plane/proxy/listening-sockets.js';
import type { HostService } from './inspection.js';

interface Place {
  readonly address: string;
  readonly port: number;
}

/**
 * Of the sockets that listen on this host, those that no sandbox may reach and that a dial can tell of: all but the
 * agent's proxies and resolvers. What is sent to another resolver may be led to the agent's own, whose answer a dial
 * would take for the other's.
 */
export function hostServices(
  sockets: readonly ListeningSocket[],
  proxies: readonly Place[],
  resolvers: readonly string[],
): readonly HostService[] {
  const resolving = resolvers.map((text) => parseEndpoint(text, 'DNS listener'));
  const open = new Set(proxies.map(placeOf));
  const resolverPorts = new Set(resolving.map(({ port }) => port));
  const found = new Map<string, HostService>();
  for (const { address, port, isEveryAddress } of sockets) {
    if (resolverPorts.has(port)) continue;
    if (isEveryAddress) found.set(placeOf({ address: '*', port }), { address: null, port });
    const isOwn = isEveryAddress || !isIPv4(address) || address.startsWith('127.');
    if (!isOwn && !open.has(placeOf({ address, port }))) found.set(placeOf({ address, port }), { address, port });
  }
  return [...found.values()];
}

function placeOf({ address, port }: Place): string {
  return `${address}:${port}`;
}
