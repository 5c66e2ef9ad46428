import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { never, type TestMesh, type TestNode } from './mesh.js';

/** Tries TLS with the node as anybody can: tells whether the node continues with HTTP/2. */
export async function handshake(
  mesh: TestMesh,
  node: TestNode,
  credentials: MeshCredentials | null,
  options: ConnectionOptions = {},
  onTicket: (ticket: Buffer) => void = () => undefined,
) {
  const dialler = await mesh.dialler();
  const connection = await dialler.dial(node.endpoints[0] ?? '', never());
  return new Promise<string>((resolve) => {
    const socket = connectTls({
      socket: connection,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      ...(credentials && { cert: credentials.certificate, key: credentials.privateKey }),
      ...options,
    });
    socket.on('session', onTicket);
    socket.once('error', (error) => resolve(error.message));
    socket.once('close', () => resolve('closed'));
    // The server's settings frame comes first, and only to a peer that it has accepted.
    socket.once('data', () => {
      resolve('taken');
      socket.destroy();
    });
  });
}
