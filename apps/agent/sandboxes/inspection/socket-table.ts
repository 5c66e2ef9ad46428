import type { ListeningSocket } from './inspection.js';

/**
 * Parses the output of `ss -H -l -t -n` (iproute2): one line per socket, with the local address in the fourth column.
 */
export function parseListeners(text: string): readonly ListeningSocket[] {
  return text.split('\n').flatMap((line) => {
    const [state, , , local = ''] = line.trim().split(/\s+/);
    const match = /^(.+?)(%[^\]:]+)?:([0-9]+)$/.exec(local);
    if (state !== 'LISTEN' || match === null) return [];
    return [{ address: match[1] ?? '', port: Number(match[3]) }];
  });
}

/** What becomes of connections to an IPv4 address and port, by these sockets. */
export type Listening =
  | { readonly kind: 'listens'; readonly address: string }
  /** A socket has the port, but listens on other addresses. */
  | { readonly kind: 'elsewhere'; readonly addresses: readonly string[] }
  | { readonly kind: 'nobody'; readonly ports: readonly number[] };

export function listeningAt(sockets: readonly ListeningSocket[], address: string, port: number): Listening {
  const addresses = sockets.filter((socket) => socket.port === port).map((socket) => socket.address);
  const found = addresses.find((candidate) => takes(candidate, address));
  if (found !== undefined) return { kind: 'listens', address: found };
  if (addresses.length > 0) return { kind: 'elsewhere', addresses: [...new Set(addresses)] };
  return { kind: 'nobody', ports: [...new Set(sockets.map((socket) => socket.port))].sort((a, b) => a - b) };
}

function takes(listened: string, address: string): boolean {
  return listened === '*' || listened === '0.0.0.0' || listened === address || listened === `[::ffff:${address}]`;
}
