import { createServer, type Socket } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import {
  type LocalNodeReply,
  type LocalNodeRequest,
  MAX_LINE_BYTES,
  parseLocalNodeRequest,
  SIGN_OF_LIFE_EVERY_MS,
} from '#libs/contracts/local-node-requests.js';
import type { Lock } from '#libs/program/lock.js';
import { listenAsOwner, type OwnedSocket } from '#libs/program/owned-socket.js';

/**
 * The node's socket: one request and one answer per connection, with empty lines before the answer for as long as it
 * takes. Errors: those of listenAsOwner.
 */
export function serveRequests(
  path: string,
  lock: Lock,
  answer: (request: LocalNodeRequest) => Promise<LocalNodeReply>,
): Promise<OwnedSocket> {
  return listenAsOwner(
    createServer((socket) => serve(socket, answer)),
    path,
    lock,
  );
}

function serve(socket: Socket, answer: (request: LocalNodeRequest) => Promise<LocalNodeReply>): void {
  let received = '';
  socket.setEncoding('utf8');
  // Shows the requester that the node is working and not stopped.
  const signs = setInterval(() => socket.write('\n'), SIGN_OF_LIFE_EVERY_MS);
  socket.on('close', () => clearInterval(signs));
  socket.on('error', () => socket.destroy());
  const take = (text: string): void => {
    received += text;
    if (received.length > MAX_LINE_BYTES) return void socket.destroy();
    const end = received.indexOf('\n');
    if (end < 0) return;
    socket.off('data', take);
    void reply(received.slice(0, end), answer).then((line) => {
      clearInterval(signs);
      socket.end(`${JSON.stringify(line)}\n`);
    });
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
