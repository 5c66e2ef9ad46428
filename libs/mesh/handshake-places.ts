import { isIPv6, type Socket } from 'node:net';
import { TokenBucket } from '#libs/async/token-bucket.js';
import type { MeshLimits } from './settings.js';

const GROUPS_OF_A_NETWORK = 4;
/** Handshakes that a source may begin at once, in seconds of their rate. */
const BURST_SECONDS = 2;
/** With fewer sources none is looked at that could be forgotten. */
const REMEMBERED_SOURCES = 1_024;
/** A source from which only peers come that are refused a session begins this share of them. */
const REFUSED_SHARE = 0.1;

interface Source {
  /** Of its connections that are shaking hands. */
  readonly ports: Set<number>;
  begun: TokenBucket;
  isSlowed: boolean;
}

/**
 * How many connections of one source may be shaking hands at once, so that the idle ones of one source leave room for
 * every other; and how many it may begin a second, since each costs as much work as many flows. A source is an IPv4
 * address, or a /64 of IPv6, which one machine mostly has to itself.
 */
export class HandshakePlaces {
  private readonly sources = new Map<string, Source>();

  constructor(private readonly limits: Pick<MeshLimits, 'handshakesFromSource' | 'handshakesPerSecondFromSource'>) {}

  /**
   * False: this source has all its places, or begins too many. A connection without an address is its transport's to
   * bound.
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

  /** The connection is past its handshake. */
  give({ remoteAddress, remotePort }: Peer): void {
    if (remoteAddress === undefined || remotePort === undefined) return;
    this.sources.get(sourceOf(remoteAddress))?.ports.delete(remotePort);
  }

  /** The peer of this connection is refused a session: the next ones of its source will be as well. */
  slow({ remoteAddress }: Peer): void {
    const source = remoteAddress === undefined ? undefined : this.sources.get(sourceOf(remoteAddress));
    if (source === undefined || source.isSlowed) return;
    source.isSlowed = true;
    source.begun = this.begunOf(REFUSED_SHARE);
  }

  /** The peer of this connection got a session: others behind its address may be as honest. */
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
