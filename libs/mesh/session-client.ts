import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { AgentId } from '#libs/contracts/ids.js';
import { BufferedConnection } from './buffered-connection.js';
import { tlsCredentials } from './credentials.js';
import { type MeshCredentials, PeerUnreachableError } from './flow.js';
import { CertificateIdentityError, describeIdentity, identityOfCertificate, sameIdentity } from './identity.js';
import { keyThumbprint } from './key-thumbprint.js';
import type { PeerProofs } from './peer-proofs.js';
import { MeshSession } from './session.js';
import { type MeshTimings, SESSION_OPTIONS } from './settings.js';
import type { Transport } from './transport.js';

export type ClientSession = MeshSession<ClientHttp2Session>;

export interface DialSettings {
  readonly transport: Transport;
  readonly timings: MeshTimings;
  readonly storeId: string;
  readonly credentials: MeshCredentials;
  readonly proofs: PeerProofs;
  /** Thumbprint of the key that the peer must have; null: any key that its identity was issued for. */
  readonly keyThumbprint: string | null;
}

/**
 * A session over one endpoint with exactly the agent named: connects, does TLS with both certificates, and waits for
 * the peer's HTTP/2 settings, which it sends only once it has admitted this node. Errors: PeerUnreachableError.
 */
export async function dialSession(
  agentId: AgentId,
  endpoint: string,
  settings: DialSettings,
  signal: AbortSignal,
): Promise<ClientSession> {
  const connection = await settings.transport.dial(endpoint, signal);
  let secure: TLSSocket | null = null;
  try {
    secure = await handshake(connection, settings, signal);
    const peer = { kind: 'agent', agentId } as const;
    const certificate = checkPeer(secure, agentId, settings);
    settings.proofs.record(peer, certificate);
    const buffered = new BufferedConnection(secure);
    const http2 = connectHttp2('https://flow', { ...SESSION_OPTIONS, createConnection: () => buffered });
    const thumbprint = keyThumbprint(certificate);
    const session = new MeshSession(http2, peer, thumbprint, buffered, settings.proofs, settings.timings);
    await accepted(session, agentId, signal);
    return session;
  } catch (error) {
    secure?.destroy();
    connection.destroy();
    throw error;
  }
}

function handshake(connection: Duplex, settings: DialSettings, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket: connection,
      ...tlsCredentials(settings.credentials),
      ALPNProtocols: ['h2'],
      // Certificates do not name hosts: checkPeer compares the identity instead.
      checkServerIdentity: () => undefined,
    });
    const settled = () => {
      signal.removeEventListener('abort', aborted);
      secure.off('error', failed);
      secure.off('close', closed);
    };
    const fail = (error: unknown, remedy = PROVE_REMEDY) => {
      settled();
      secure.on('error', () => undefined);
      secure.destroy();
      reject(untrusted(error, remedy));
    };
    const aborted = () => fail(signal.reason, SILENT_REMEDY);
    const failed = (error: Error) => fail(error);
    const closed = () => fail(new Error('the peer closed the connection'));
    signal.addEventListener('abort', aborted, { once: true });
    secure.once('error', failed);
    secure.once('close', closed);
    secure.once('secureConnect', () => {
      settled();
      resolve(secure);
    });
  });
}

function checkPeer(secure: TLSSocket, agentId: AgentId, { storeId, keyThumbprint: named }: DialSettings) {
  const certificate = secure.getPeerX509Certificate();
  if (certificate === undefined) throw untrusted(new Error('it showed no certificate'));
  try {
    const peer = identityOfCertificate(certificate);
    if (peer.storeId !== storeId || !sameIdentity(peer.identity, { kind: 'agent', agentId })) {
      throw mismatch(`${describeIdentity(peer.identity)} of store ${peer.storeId}`, agentId);
    }
    if (named === null || named === keyThumbprint(certificate)) return certificate;
    throw mismatch('its certificate is for another key than the control plane names', agentId);
  } catch (error) {
    if (error instanceof CertificateIdentityError) throw mismatch(error.message, agentId);
    throw error;
  }
}

function accepted(session: ClientSession, agentId: AgentId, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let cause: unknown = null;
    const settle = (error: PeerUnreachableError | null) => {
      signal.removeEventListener('abort', aborted);
      session.http2.off('remoteSettings', opened);
      session.http2.off('close', closed);
      if (error === null) return resolve();
      session.end(error.code, error.message);
      reject(error);
    };
    const opened = () => settle(null);
    const closed = () => settle(refusedUs(agentId, cause));
    const aborted = () => settle(untrusted(signal.reason, SILENT_REMEDY));
    session.http2.once('error', (error) => {
      cause = error;
    });
    session.http2.once('remoteSettings', opened);
    session.http2.once('close', closed);
    signal.addEventListener('abort', aborted, { once: true });
  });
}

const PROVE_REMEDY = 'check both clocks, and that both agents are enrolled with the same store';
const SILENT_REMEDY = 'something accepts the connection but does not answer: check that the peer’s agent runs';

function untrusted(cause: unknown, remedy = PROVE_REMEDY): PeerUnreachableError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PeerUnreachableError('PEER_NOT_TRUSTED', `no trusted session with the peer: ${reason}`, remedy);
}

function mismatch(found: string, agentId: AgentId): PeerUnreachableError {
  return new PeerUnreachableError(
    'PEER_IDENTITY_MISMATCH',
    `the address of agent ${agentId} leads to another peer: ${found}`,
    `check the address that agent ${agentId} advertises`,
  );
}

function refusedUs(agentId: AgentId, cause: unknown): PeerUnreachableError {
  const reason = cause instanceof Error ? cause.message : 'it closed the connection';
  return new PeerUnreachableError(
    'PEER_REFUSED_SESSION',
    `agent ${agentId} refused a session with this node: ${reason}`,
    'check both clocks, and that this node is not revoked: gstacks agent list',
  );
}
