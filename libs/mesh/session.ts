import type { Http2Session } from 'node:http2';
import { setDeadline } from '#libs/async/deadline.js';
import type { BufferedConnection } from './buffered-connection.js';
import { FlowResetError, type MeshIdentity } from './flow.js';
import { describeIdentity } from './identity.js';
import type { PeerProofs } from './peer-proofs.js';
import { SendTurns } from './send-turns.js';
import { type MeshTimings, SESSION_WINDOW_BYTES } from './settings.js';

/** setTimeout accepts no longer delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One HTTP/2 session with an authenticated peer, checked by heartbeats for as long as it is open. */
export class MeshSession<Session extends Http2Session = Http2Session> {
  readonly sendTurns: SendTurns;
  private ended: FlowResetError | null = null;
  private heartbeat: NodeJS.Timeout | undefined;
  /** Set while a heartbeat is unanswered. */
  private unanswered: (() => void) | undefined;
  private expiry: NodeJS.Timeout | undefined;

  constructor(
    readonly http2: Session,
    readonly peer: MeshIdentity,
    /** Thumbprint of the key that the peer proved its identity with. */
    readonly keyThumbprint: string,
    private readonly connection: BufferedConnection,
    private readonly proofs: PeerProofs,
    private readonly timings: MeshTimings,
  ) {
    this.sendTurns = new SendTurns(connection);
    http2.setLocalWindowSize(SESSION_WINDOW_BYTES);
    http2.on('error', () => undefined); // 'close' follows, and its flows are reset with what endReason says
    http2.on('close', () => this.stopTimers());
    this.heartbeat = setInterval(() => this.beat(), timings.heartbeatIntervalMs);
    this.watchProof();
  }

  get usable(): boolean {
    return this.ended === null && !this.http2.closed && !this.http2.destroyed;
  }

  /** Why this end closed the session; null while it has not. */
  readonly endReason = (): FlowResetError | null => this.ended;

  /** Ends the session at once and resets its flows, here with this code. */
  end(code: string, message: string): void {
    this.ended ??= new FlowResetError(code, message);
    this.stopTimers();
    this.http2.destroy();
    // A peer that has vanished never answers a GOAWAY.
    this.connection.destroy();
  }

  private beat(): void {
    if (this.unanswered !== undefined || !this.usable) return;
    const heard = this.connection.received;
    const alive = () => {
      this.unanswered?.();
      this.unanswered = undefined;
    };
    this.unanswered = setDeadline(this.timings.heartbeatDeadlineMs, () => {
      // Bulk data may delay the answer, so any bytes that arrive count as a sign of life.
      if (this.connection.received > heard) return alive();
      this.end('PEER_SILENT', `${describeIdentity(this.peer)} has not answered a heartbeat`);
    });
    this.http2.ping((error) => {
      if (error === null) alive();
    });
  }

  private watchProof(): void {
    const left = this.proofs.until(this.peer) - Date.now();
    if (left > 0) this.expiry = setTimeout(() => this.watchProof(), Math.min(left, MAX_TIMER_MS));
    else this.end('PEER_CERTIFICATE_EXPIRED', `the certificate of ${describeIdentity(this.peer)} has expired`);
  }

  private stopTimers(): void {
    clearInterval(this.heartbeat);
    this.unanswered?.();
    clearTimeout(this.expiry);
  }
}
