import { connect, createServer, type Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CodedError } from '#libs/contracts/errors.js';
import { isUnspecified } from '#libs/contracts/host-addresses.js';
import { bindFault } from '#libs/program/port-owner.js';
import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.js';
import { PeerUnreachableError } from './flow.js';
import type { Transport, TransportStatus } from './transport.js';

export interface DirectTransportSettings {
  /** `host:port` to listen on, IPv6 in brackets; port 0: any free port. */
  readonly listen: string;
  /** `host:port` that peers dial; null or absent: the address listened on. */
  readonly advertise?: string | null;
  /** Host that peers dial instead of an address that is none, such as 0.0.0.0; null or absent: it is told as it is. */
  readonly ownHost?: string | null;
}

/** Listening on the port failed. */
export class MeshListenError extends CodedError {}

/** Transport over TCP, for hosts that reach each other. Never a fallback: it has to be chosen. */
export function directTransport(settings: DirectTransportSettings): Transport {
  const listen = parseEndpoint(settings.listen, 'mesh listen address', true);
  const advertise = settings.advertise ?? null;
  if (advertise !== null) parseEndpoint(advertise, 'mesh advertised address', false);
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let status: TransportStatus = { state: 'joining', code: null, message: null, endpoints: [] };
  let notify = (_status: TransportStatus): void => {};

  function joined(endpoints: readonly string[]): void {
    status = { state: 'joined', code: null, message: null, endpoints };
    notify(status);
  }

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }

  return {
    kind: 'direct',

    dial(endpoint, signal) {
      return dial(endpoint, signal).then(keep);
    },

    async listen(handle: (connection: Duplex) => void) {
      server = createServer({ noDelay: true, keepAlive: true }, (socket) => handle(keep(socket)));
      const address = await listening(server, listen.host, listen.port);
      const host = (isUnspecified(address.address) ? settings.ownHost : null) ?? address.address;
      joined([advertise ?? formatEndpoint(host, address.port)]);
    },

    async join() {
      joined([]);
    },

    status: () => status,

    onStatus(listener) {
      notify = listener;
    },

    expect() {
      // Nothing to prepare: a TCP connection needs no path to be found first.
    },

    async close() {
      const open = server;
      const closed = open ? new Promise((resolve) => open.close(resolve)) : null;
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function dial(text: string, signal: AbortSignal): Promise<Socket> {
  let endpoint: Endpoint;
  try {
    signal.throwIfAborted();
    endpoint = parseEndpoint(text, 'peer endpoint', false);
  } catch (error) {
    throw unreachable(text, error);
  }
  return new Promise((resolve, reject) => {
    const socket = connect({ ...endpoint, noDelay: true, keepAlive: true });
    const settle = (error: unknown) => {
      signal.removeEventListener('abort', aborted);
      socket.off('error', settle);
      socket.off('connect', connected);
      if (error === null) return resolve(socket);
      socket.on('error', () => undefined);
      socket.destroy();
      reject(unreachable(text, error));
    };
    const connected = () => settle(null);
    const aborted = () => settle(signal.reason);
    socket.once('error', settle);
    socket.once('connect', connected);
    signal.addEventListener('abort', aborted, { once: true });
  });
}

function unreachable(endpoint: string, cause: unknown): PeerUnreachableError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PeerUnreachableError(
    'PEER_UNREACHABLE',
    `no connection to ${endpoint}: ${reason}`,
    `check that the peer's agent runs and that ${endpoint} is open from this host`,
  );
}

function listening(server: Server, host: string, port: number): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', async (error) => {
      reject(
        new MeshListenError(
          'MESH_LISTEN_FAILED',
          `${formatEndpoint(host, port)} of GLOBALSTACKS_MESH_DIRECT_LISTEN ${await bindFault(port, error)}`,
          'choose another address in GLOBALSTACKS_MESH_DIRECT_LISTEN, or stop what uses this one',
        ),
      );
    });
    server.listen({ host, port, backlog: 1_024 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
      resolve(address);
    });
  });
}
