import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { SendQueues } from '#libs/data-plane/flows/send-queues.js';

/**
 * A raw TCP server for tests, run inside a sandbox: raw-server.js PORT. The first byte of a connection says what it
 * does: `h` reads to the end and answers with the SHA-256 of what came, then as many bytes of its own, then ends;
 * `r` resets after the first chunk; `s` sends without end; `a` and a number of bytes answers with so many and closes
 * without reading what else comes; `l` prints how many bytes came before a reset.
 */
const PORT = Number(process.argv[2]);
const PATTERN = Buffer.alloc(64 * 1024, 'server');

function answerWithHash(socket: Socket): (chunk: Buffer) => void {
  const hash = createHash('sha256');
  let bytes = 0;
  socket.once('end', () => {
    socket.write(hash.digest());
    let left = bytes;
    const push = (): void => {
      while (left > 0) {
        const part = PATTERN.subarray(0, Math.min(left, PATTERN.length));
        left -= part.length;
        if (!socket.write(part)) {
          socket.once('drain', push);
          return;
        }
      }
      socket.end();
    };
    push();
  });
  return (chunk) => {
    hash.update(chunk);
    bytes += chunk.length;
  };
}

function sendForEver(socket: Socket): void {
  while (socket.write(PATTERN));
  socket.once('drain', () => sendForEver(socket));
}

const sendQueues = new SendQueues();

/**
 * The kernel resets a connection that is closed with unread bytes. This server's own kernel must lose none of the
 * answer.
 */
function answerUnread(socket: Socket, bytes: number): void {
  socket.pause();
  socket.write(PATTERN.subarray(0, bytes), () => sendQueues.whenEmpty(socket, () => socket.destroy()));
}

function countUntilReset(socket: Socket, first: Buffer): void {
  let bytes = first.length;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  socket.on('error', () => process.stdout.write(`left after ${bytes} bytes\n`));
}

createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first) => {
    const mode = String.fromCharCode(first[0] ?? 0);
    if (mode === 'h') {
      const take = answerWithHash(socket);
      take(first.subarray(1));
      socket.on('data', take);
    } else if (mode === 's') {
      sendForEver(socket);
    } else if (mode === 'a') {
      answerUnread(socket, Number.parseInt(first.toString('latin1', 1), 10));
    } else if (mode === 'l') {
      countUntilReset(socket, first);
    } else {
      socket.resetAndDestroy();
    }
  });
}).listen(PORT, '::', () => process.stdout.write('listening\n'));
