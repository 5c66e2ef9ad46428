import { rmSync } from 'node:fs';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseEndpoint } from '../endpoint.js';
import { PeerUnreachableError } from '../flow.js';
import type { MeshLog } from '../log.js';
import type { Transport } from '../transport.js';
import { dialThroughSocket } from './dial-socket.js';
import { openSocketFolder, type SocketFolder } from './socket-folder.js';
import { StatusBoard } from './status.js';
import { MeshNodeSupervisor } from './supervisor.js';

/** The port of agents inside the mesh. */
const MESH_PORT = 7_443;

export interface TsnetSettings {
  /** The mesh-node program. */
  readonly binary: string;
  readonly controlUrl: string;
  /** A DNS label: the node's name in the mesh. */
  readonly hostname: string;
  /** The node's own state folder, kept between starts. With it, a node rejoins without a key. */
  readonly stateFolder: string;
  /** The control server forgets the node soon after it leaves, and its state folder is removed. */
  readonly isEphemeral: boolean;
  /** Called each time the control server wants a key. Rejects with a CodedError. */
  readonly requestKey: (signal: AbortSignal) => Promise<string>;
  readonly log: MeshLog;
}

/**
 * A tailnet of any tsnet-compatible control server, through a mesh-node process that is restarted whenever it ends. Its
 * sockets are in a folder that only their user may enter.
 */
export function tsnetTransport(settings: TsnetSettings): Transport {
  const board = new StatusBoard();
  const sockets = new Set<Socket>();
  let folder: SocketFolder | null = null;
  let server: Server | null = null;
  let supervisor: MeshNodeSupervisor | null = null;
  let expected: readonly string[] = [];

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }

  function begin({ dial, inbound }: SocketFolder): void {
    supervisor = new MeshNodeSupervisor(
      { ...settings, port: MESH_PORT, dialSocket: dial, inboundSocket: inbound },
      board,
    );
    supervisor.warm(expected);
    supervisor.start();
  }

  return {
    kind: 'tsnet',

    async dial(endpoint, signal) {
      const { state, code, message } = await board.settled(signal);
      if (folder === null || state !== 'joined') throw notJoined(endpoint, code, message);
      return keep(await dialThroughSocket(folder.dial, endpoint, signal));
    },

    async listen(handle: (connection: Duplex) => void) {
      folder = openSocketFolder(settings.stateFolder);
      server = createServer((socket) => handle(keep(socket)));
      await listening(server, folder.inbound);
      begin(folder);
    },

    async join() {
      folder = openSocketFolder(settings.stateFolder);
      begin(folder);
    },

    status: () => board.current,

    onStatus: (listener) => board.onChange(listener),

    expect(endpoints) {
      expected = endpoints.flatMap((endpoint) => addressOf(endpoint));
      supervisor?.warm(expected);
    },

    async close() {
      server?.close();
      for (const socket of sockets) socket.destroy();
      await supervisor?.close();
      folder?.remove();
      if (settings.isEphemeral) rmSync(settings.stateFolder, { recursive: true, force: true });
    },
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

/** No address for an endpoint outside this mesh, such as one that a peer reported before it changed its transport. */
function addressOf(endpoint: string): readonly string[] {
  try {
    const { host } = parseEndpoint(endpoint, 'peer endpoint', false);
    return isIP(host) === 0 ? [] : [host];
  } catch {
    return [];
  }
}

function notJoined(endpoint: string, code: string | null, message: string | null): PeerUnreachableError {
  return new PeerUnreachableError(
    'PEER_UNREACHABLE',
    `no connection to ${endpoint}: this node is not in the mesh${code === null ? ' yet' : ` (${code}: ${message})`}`,
    'see `gstacks mesh status` or `gstacks agent list`, and `gstacks mesh doctor`',
  );
}
