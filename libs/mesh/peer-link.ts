import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { PeerUnreachableError } from './flow.js';
import type { MeshLog } from './log.js';
import { ProofRenewal } from './proof-renewal.js';
import type { ClientSession } from './session-client.js';
import { FLOWS_PER_SESSION, type MeshLimits } from './settings.js';
import { WastedStreams } from './wasted-streams.js';

interface PooledSession {
  readonly session: ClientSession;
  opened: number;
  open: number;
  /** Takes no new flows, and ends with its last one. */
  retired: boolean;
}

/** The right to open one flow in a session. Given back when the flow is over. */
export interface Lease {
  readonly session: ClientSession;
  /**
   * Whether a stream without an answer may be reset. A peer tolerates only so many of those: beyond them a stream has
   * to stay open until its answer comes, so that clients that give up do not cost this node its session.
   */
  mayGiveUp(): boolean;
  release(): void;
}

export interface PeerLinkSettings {
  readonly agentId: AgentId;
  readonly limits: MeshLimits;
  /** Dials the first endpoint that works; rejects with PeerUnreachableError. */
  readonly dial: (peer: Peer, signal: AbortSignal) => Promise<DialledSession>;
  readonly log: MeshLog;
}

export interface DialledSession {
  readonly session: ClientSession;
  /** When the earlier of both ends' latest certificates expires, in milliseconds since the epoch. */
  readonly provenUntil: number;
}

/** The sessions that this node has opened to one peer: usually one, more only if one cannot carry all flows. */
export class PeerLink {
  private pool: PooledSession[] = [];
  private dialling: Promise<PooledSession> | null = null;
  private readonly closing = new AbortController();
  readonly wasted: WastedStreams;
  private readonly renewal = new ProofRenewal(() => this.proveAgain());

  constructor(
    private readonly settings: PeerLinkSettings,
    private peer: Peer,
  ) {
    this.wasted = new WastedStreams(settings.limits);
  }

  /** A lease in a session; concurrent calls share one dial. Each call tries again, whatever failed before. */
  async lease(): Promise<Lease> {
    // One dial more than the number of sessions allowed, so that a peer whose sessions end at once is not dialled
    // forever.
    for (let dials = 0; dials <= this.settings.limits.sessionsPerPeer; dials += 1) {
      const free = this.pool.find(hasRoom) ?? (await this.dialled());
      // Other calls that waited for the same dial may have filled it.
      if (hasRoom(free)) return this.take(free);
    }
    throw new PeerUnreachableError('PEER_LOST', `agent ${this.settings.agentId} accepts no connections`, 'try again');
  }

  /**
   * New endpoints are used by the next dial: open sessions are checked by their heartbeats. Sessions that were opened
   * with another key than the peer's current one end now.
   */
  setPeer(peer: Peer): void {
    const hasMoved = isElsewhere(peer, this.peer);
    this.peer = peer;
    for (const { session } of [...this.pool]) {
      if (!isOfKey(session, peer)) session.end('PEER_REMOVED', `agent ${peer.agentId} has another key now`);
    }
    if (hasMoved) this.retire();
  }

  /** New flows go to a new session; open flows stay in theirs. */
  retire(): void {
    for (const pooled of [...this.pool]) this.retireSession(pooled);
  }

  close(code: string, message: string): void {
    this.closing.abort(new Error(message));
    this.renewal.stop();
    for (const { session } of this.pool) session.end(code, message);
  }

  /**
   * Opens a new session, in which both ends show their newest certificates. That extends the proof for open flows in
   * older sessions.
   */
  private async proveAgain(): Promise<void> {
    this.retire();
    if (this.pool.every(({ open }) => open === 0)) return;
    try {
      await this.dialled();
    } catch (error) {
      if (!(error instanceof PeerUnreachableError)) throw error;
      const peer = { kind: 'agent', agentId: this.settings.agentId } as const;
      this.settings.log({ code: error.code, peer, message: `it could not prove its identity again: ${error.message}` });
    }
  }

  private take(pooled: PooledSession): Lease {
    pooled.open += 1;
    pooled.opened += 1;
    if (pooled.opened >= this.settings.limits.flowsBeforeRotation) pooled.retired = true;
    let held = true;
    return {
      session: pooled.session,
      mayGiveUp: () => this.wasted.mayGiveUp(),
      release: () => {
        if (!held) return;
        held = false;
        pooled.open -= 1;
        if (pooled.retired) this.retireSession(pooled);
      },
    };
  }

  private retireSession(pooled: PooledSession): void {
    pooled.retired = true;
    if (pooled.open === 0) pooled.session.http2.close();
  }

  private dialled(): Promise<PooledSession> {
    this.dialling ??= this.dialSession().finally(() => {
      this.dialling = null;
    });
    return this.dialling;
  }

  private async dialSession(): Promise<PooledSession> {
    const { agentId, limits } = this.settings;
    if (this.pool.filter(({ retired }) => !retired).length >= limits.sessionsPerPeer) {
      throw new PeerUnreachableError(
        'PEER_BUSY',
        `agent ${agentId} already has the most connections open that it accepts from this host`,
      );
    }
    const closing = this.closing.signal;
    const dialled = this.peer;
    const { session, provenUntil } = await this.settings.dial(dialled, closing);
    if (closing.aborted) session.end('PEER_REMOVED', String(closing.reason));
    else if (!isOfKey(session, this.peer)) session.end('PEER_REMOVED', `agent ${agentId} has another key now`);
    else this.renewal.schedule(provenUntil);
    const pooled: PooledSession = { session, opened: 0, open: 0, retired: false };
    this.pool.push(pooled);
    const forget = () => {
      this.pool = this.pool.filter((other) => other !== pooled);
    };
    session.http2.once('goaway', () => {
      pooled.retired = true;
    });
    session.http2.once('close', forget);
    if (session.http2.destroyed) forget();
    // The peer may have moved during the dial.
    if (isElsewhere(this.peer, dialled)) this.retireSession(pooled);
    return pooled;
  }
}

function isOfKey(session: ClientSession, { keyThumbprint }: Peer): boolean {
  return keyThumbprint === null || session.keyThumbprint === keyThumbprint;
}

function isElsewhere({ endpoints }: Peer, before: Peer): boolean {
  return endpoints.length > 0 && !endpoints.some((endpoint) => before.endpoints.includes(endpoint));
}

function hasRoom({ session, open, retired }: PooledSession): boolean {
  const limit = Math.min(FLOWS_PER_SESSION, session.http2.remoteSettings.maxConcurrentStreams ?? FLOWS_PER_SESSION);
  return session.usable && !retired && open < limit;
}
