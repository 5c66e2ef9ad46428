import { isIPv6, type Socket } from 'node:net';

const GROUPS_OF_A_NETWORK = 4;

/**
 * How many connections of one source may be shaking hands at once, so that the idle ones of one source leave room for
 * every other. A source is an IPv4 address, or a /64 of IPv6, which one machine mostly has to itself.
 */
export class HandshakePlaces {
  private readonly held = new Map<string, Set<number>>();

  constructor(private readonly mostFromSource: number) {}

  /** False: this source has all its places. A connection without an address is its transport's to bound. */
  take(connection: Socket): boolean {
    const { remoteAddress, remotePort } = connection;
    if (remoteAddress === undefined || remotePort === undefined) return true;
    const source = sourceOf(remoteAddress);
    const places = this.held.get(source) ?? new Set();
    if (places.size >= this.mostFromSource) return false;
    this.held.set(source, places.add(remotePort));
    connection.once('close', () => this.give({ remoteAddress, remotePort }));
    return true;
  }

  /** The connection is past its handshake. */
  give({ remoteAddress, remotePort }: Peer): void {
    if (remoteAddress === undefined || remotePort === undefined) return;
    const source = sourceOf(remoteAddress);
    const places = this.held.get(source);
    if (places?.delete(remotePort) && places.size === 0) this.held.delete(source);
  }
}

type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** An IPv4 address as it is, also where IPv6 maps it (RFC 4291 section 2.5.5.2); the first 64 bits of an IPv6 one. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const groups = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => '0');
  return [...groups, ...zeros, ...after].slice(0, GROUPS_OF_A_NETWORK).join(':');
}
