import { constants as cryptoConstants } from 'node:crypto';
import { performServerHandshake, type ServerHttp2Session } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import type { ProvenPeer } from './admission.js';
import { BufferedConnection } from './buffered-connection.js';
import { tlsCredentials } from './credentials.js';
import type { MeshCredentials, MeshIdentity } from './flow.js';
import { HandshakePlaces } from './handshake-places.js';
import { CertificateIdentityError, describeIdentity, identityOfCertificate } from './identity.js';
import { keyThumbprint } from './key-thumbprint.js';
import type { MeshLog } from './log.js';
import type { PeerProofs } from './peer-proofs.js';
import { MeshSession } from './session.js';
import { type MeshLimits, type MeshTimings, SESSION_OPTIONS } from './settings.js';
import { type ProvenConnection, WaitingRoom } from './waiting-room.js';

export type ServerSession = MeshSession<ServerHttp2Session>;

export interface SessionServerSettings {
  readonly storeId: string;
  readonly credentials: MeshCredentials;
  readonly timings: MeshTimings;
  readonly limits: MeshLimits;
  readonly log: MeshLog;
  readonly proofs: PeerProofs;
  readonly admits: (peer: ProvenPeer) => boolean;
  /** Why this peer is refused sessions now, although it is named; null: it is not refused. */
  readonly refusalOf: (peer: MeshIdentity) => string | null;
  readonly onSession: (session: ServerSession) => void;
}

export interface SessionServer {
  /** Takes a connection from the transport, whoever opened it. */
  accept(connection: Duplex): void;
  /** Used by handshakes from now on. */
  setCredentials(credentials: MeshCredentials): void;
  /**
   * The list of admitted peers changed: ends the sessions of peers that left it, and admits waiting ones that joined
   * it.
   */
  reconsider(): void;
  /** Ends every session of this peer. */
  endSessionsOf(peer: MeshIdentity, code: string, message: string): void;
  close(): void;
}

/** Authenticates incoming connections as peers of this store, and keeps their sessions. */
export function sessionServer(settings: SessionServerSettings): SessionServer {
  const { limits, timings, log } = settings;
  const sessions = new Set<ServerSession>();
  const waitingRoom = new WaitingRoom({
    admits: settings.admits,
    waitMs: timings.admitMs,
    mostFromPeer: limits.waitingFromPeer,
    admitted: begin,
    refused: ({ peer, secure }) =>
      refuse(secure, 'PEER_NOT_NAMED', peer, `the control plane does not name ${describeIdentity(peer)} as a peer`),
  });
  const places = new HandshakePlaces(limits);
  let handshakes = 0;
  let closed = false;

  // Never listens itself: the transport passes it connections.
  const tls = createServer({
    ...tlsCredentials(settings.credentials),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2'],
    handshakeTimeout: timings.connectMs,
    // A resumed session would not check the certificate's dates.
    secureOptions: cryptoConstants.SSL_OP_NO_TICKET,
  });

  tls.on('tlsClientError', (error, secure) => {
    handshakes -= 1;
    const reason = secure.authorizationError ?? error;
    log({ code: 'PEER_NOT_TRUSTED', peer: null, message: `a connection was refused: ${reason}` });
    secure.destroy();
  });

  tls.on('secureConnection', (secure: TLSSocket) => {
    handshakes -= 1;
    places.give(secure);
    secure.on('error', () => secure.destroy());
    const certificate = secure.getPeerX509Certificate();
    if (certificate === undefined || secure.alpnProtocol !== 'h2') {
      return refuse(secure, 'PEER_NOT_TRUSTED', null, 'a connection was refused: not an HTTP/2 session');
    }
    try {
      const { identity: peer, storeId } = identityOfCertificate(certificate);
      if (storeId !== settings.storeId) {
        return refuse(secure, 'PEER_OF_OTHER_STORE', peer, `a peer of store ${storeId} was refused`);
      }
      waitingRoom.enter({ secure, peer, certificate, keyThumbprint: keyThumbprint(certificate) });
    } catch (error) {
      if (!(error instanceof CertificateIdentityError)) throw error;
      refuse(secure, error.code, null, error.message);
    }
  });

  function refuse(secure: TLSSocket, code: string, peer: MeshIdentity | null, message: string): void {
    log({ code, peer, message });
    secure.destroy();
  }

  function begin({ secure, peer, certificate, keyThumbprint }: ProvenConnection): void {
    const refusal = settings.refusalOf(peer);
    if (refusal !== null) {
      places.slow(secure);
      refuse(secure, 'PEER_STREAM_LIMIT', peer, refusal);
      return;
    }
    const known = [...sessions].filter((session) => describeIdentity(session.peer) === describeIdentity(peer));
    if (known.length >= limits.sessionsFromPeer) {
      refuse(
        secure,
        'TOO_MANY_SESSIONS',
        peer,
        `${describeIdentity(peer)} already has ${known.length} sessions, the most that one peer may have`,
      );
      return;
    }
    places.hasten(secure);
    settings.proofs.record(peer, certificate);
    const connection = new BufferedConnection(secure);
    const http2 = performServerHandshake(connection, SESSION_OPTIONS);
    const session = new MeshSession(http2, peer, keyThumbprint, connection, settings.proofs, timings);
    sessions.add(session);
    session.http2.on('close', () => sessions.delete(session));
    settings.onSession(session);
  }

  return {
    accept(connection) {
      connection.on('error', () => connection.destroy());
      if (closed) return void connection.destroy();
      if (handshakes >= limits.handshakesAtOnce) {
        log({ code: 'TOO_MANY_HANDSHAKES', peer: null, message: 'a connection was refused' });
        return void connection.destroy();
      }
      if (connection instanceof Socket && !places.take(connection)) {
        log({
          code: 'TOO_MANY_HANDSHAKES',
          peer: null,
          message: `${connection.remoteAddress} has too many handshakes in progress`,
        });
        return void connection.destroy();
      }
      handshakes += 1; // until 'secureConnection' or 'tlsClientError'; exactly one of them follows
      tls.emit('connection', connection);
    },

    setCredentials(credentials) {
      tls.setSecureContext(tlsCredentials(credentials));
    },

    reconsider() {
      for (const session of sessions) {
        if (settings.admits(session)) continue;
        session.end('PEER_REMOVED', `the control plane no longer names ${describeIdentity(session.peer)} as a peer`);
      }
      waitingRoom.reconsider();
    },

    endSessionsOf(peer, code, message) {
      const name = describeIdentity(peer);
      for (const session of sessions) if (describeIdentity(session.peer) === name) session.end(code, message);
    },

    close() {
      closed = true;
      waitingRoom.close();
      for (const session of sessions) session.end('MESH_CLOSED', 'this node is leaving the mesh');
    },
  };
}
