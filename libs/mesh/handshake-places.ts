import { isIPv6, type Socket } from 'node:net';
import { TokenBucket } from '#libs/async/token-bucket.js';
import type { MeshLimits } from './settings.js';

const GROUPS_OF_A_NETWORK = 4;
/** A source may begin this many seconds' worth of handshakes in a burst. */
const BURST_SECONDS = 2;
/** Up to this number of sources, none is checked for being idle and forgotten. */
const REMEMBERED_SOURCES = 1_024;
/** A source whose peers are all refused a session may begin this share of handshakes. */
const REFUSED_SHARE = 0.1;

interface Source {
  /** Source ports of its connections that are in the TLS handshake. */
  readonly ports: Set<number>;
  begun: TokenBucket;
  isSlowed: boolean;
}

/**
 * Limits the connections of one source that are in the TLS handshake, so that idle ones of one source leave room for
 * others, and the handshakes that it begins a second, since each costs as much work as many flows. A source is an IPv4
 * address, or an IPv6 /64, which usually belongs to one machine.
 */
export class HandshakePlaces {
  private readonly sources = new Map<string, Source>();

  constructor(private readonly limits: Pick<MeshLimits, 'handshakesFromSource' | 'handshakesPerSecondFromSource'>) {}

  /**
   * False: this source has too many handshakes in progress, or begins too many a second. A connection without an
   * address is limited by its transport.
   */
  take(connection: Socket): boolean {
    const { remoteAddress, remotePort } = connection;
    if (remoteAddress === undefined || remotePort === undefined) return true;
    const { ports, begun } = this.source(sourceOf(remoteAddress));
    if (ports.size >= this.limits.handshakesFromSource || !begun.take(1, performance.now())) return false;
    ports.add(remotePort);
    connection.once('close', () => this.give({ remoteAddress, remotePort }));
    return true;
  }

  /** The connection's handshake is over. */
  give({ remoteAddress, remotePort }: Peer): void {
    if (remoteAddress === undefined || remotePort === undefined) return;
    this.sources.get(sourceOf(remoteAddress))?.ports.delete(remotePort);
  }

  /** The peer of this connection was refused a session, so later ones from this source probably will be too. */
  slow({ remoteAddress }: Peer): void {
    const source = remoteAddress === undefined ? undefined : this.sources.get(sourceOf(remoteAddress));
    if (source === undefined || source.isSlowed) return;
    source.isSlowed = true;
    source.begun = this.begunOf(REFUSED_SHARE);
  }

  /** The peer of this connection got a session, so other peers behind its address may be honest. */
  hasten({ remoteAddress }: Peer): void {
    const source = remoteAddress === undefined ? undefined : this.sources.get(sourceOf(remoteAddress));
    if (source === undefined || !source.isSlowed) return;
    source.isSlowed = false;
    source.begun = this.begunOf(1);
  }

  private begunOf(share: number): TokenBucket {
    const perSecond = this.limits.handshakesPerSecondFromSource * share;
    return new TokenBucket(perSecond, Math.max(1, perSecond * BURST_SECONDS), performance.now());
  }

  private source(name: string): Source {
    const known = this.sources.get(name);
    if (known !== undefined) return known;
    const nowMs = performance.now();
    if (this.sources.size >= REMEMBERED_SOURCES) {
      for (const [other, { ports, begun }] of this.sources) {
        if (ports.size === 0 && begun.isFull(nowMs)) this.sources.delete(other);
      }
    }
    const source = { ports: new Set<number>(), begun: this.begunOf(1), isSlowed: false };
    this.sources.set(name, source);
    return source;
  }
}

type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** An IPv4 address, also from an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2); of IPv6 the first 64 bits. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const groups = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => '0');
  return [...groups, ...zeros, ...after].slice(0, GROUPS_OF_A_NETWORK).join(':');
}
