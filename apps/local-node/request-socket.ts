import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import {
  type LocalNodeReply,
  type LocalNodeRequest,
  MAX_LINE_BYTES,
  parseLocalNodeRequest,
} from '#libs/contracts/local-node-requests.js';

/**
 * The node's socket, in a folder that only its user may enter: one request a connection, one answer. A socket that a
 * dead node left behind is taken over.
 */
export async function serveRequests(
  path: string,
  answer: (request: LocalNodeRequest) => Promise<LocalNodeReply>,
): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => serve(socket, answer));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

function serve(socket: Socket, answer: (request: LocalNodeRequest) => Promise<LocalNodeReply>): void {
  let received = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  const take = (text: string): void => {
    received += text;
    if (received.length > MAX_LINE_BYTES) return void socket.destroy();
    const end = received.indexOf('\n');
    if (end < 0) return;
    socket.off('data', take);
    void reply(received.slice(0, end), answer).then((line) => socket.end(`${JSON.stringify(line)}\n`));
  };
  socket.on('data', take);
}

async function reply(
  line: string,
  answer: (request: LocalNodeRequest) => Promise<LocalNodeReply>,
): Promise<LocalNodeReply> {
  try {
    return await answer(parseLocalNodeRequest(JSON.parse(line)));
  } catch (error) {
    const code = error instanceof CodedError ? error.code : 'MALFORMED_REQUEST';
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code, message, remedy: 'run the same release of gstacks as the background node' };
  }
}
