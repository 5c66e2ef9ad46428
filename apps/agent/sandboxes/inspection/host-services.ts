import { isIPv4 } from 'node:net';
import { parseEndpoint } from '#libs/data-plane/dns/endpoint.js';
import type { ListeningSocket } from '#libs/program/listening-sockets.js';
import type { HostService } from './inspection.js';

interface Place {
  readonly address: string;
  readonly port: number;
}

/**
 * The listening sockets of this host that no sandbox may reach and that a dial can check: all except the agent's
 * proxies and resolvers. Other resolvers are left out, since the agent may redirect queries to them to itself, and a
 * dial could not tell the answers apart.
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
