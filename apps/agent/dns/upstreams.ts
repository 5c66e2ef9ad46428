import { isIP } from 'node:net';

/**
 * The resolvers of a resolv.conf(5) as `address:port`, without this agent's own listeners, which would ask themselves.
 */
export function systemUpstreams(resolvConf: string, ownListeners: readonly string[]): readonly string[] {
  const own = new Set(ownListeners);
  return resolvConf.split('\n').flatMap((line) => {
    const [keyword, address = ''] = line.trim().split(/\s+/);
    const family = isIP(address);
    if (keyword !== 'nameserver' || family === 0) return [];
    const endpoint = family === 4 ? `${address}:53` : `[${address}]:53`;
    return own.has(endpoint) ? [] : [endpoint];
  });
}
