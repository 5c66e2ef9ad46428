import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/**
 * The other side of raw-server.js, run inside another sandbox: raw-client.js HOST PORT MODE COUNT BYTES. Prints one
 * JSON line: for `hash` how many of COUNT connections came through byte for byte; for `reset` how many ended in a
 * reset; for `stalled` nothing until killed, after opening COUNT connections that are never read.
 */
const [host = '', port = '', mode = '', count = '1', bytes = '0'] = process.argv.slice(2);
const SERVER_PATTERN = Buffer.alloc(64 * 1024, 'server');
const CLIENT_PATTERN = Buffer.alloc(64 * 1024, 'client');
const HASH_BYTES = 32;

function hashOf(pattern: Buffer, length: number): string {
  const hash = createHash('sha256');
  for (let left = length; left > 0; left -= pattern.length)
    hash.update(pattern.subarray(0, Math.min(left, pattern.length)));
  return hash.digest('hex');
}

function open(): Socket {
  return connect({ host, port: Number(port), allowHalfOpen: true });
}

/** Sends all, half-closes, and only then reads: what comes back must be the hash and as many bytes again. */
function exchange(length: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open();
    const received: Buffer[] = [];
    socket.once('error', () => resolve(false));
    socket.on('data', (chunk) => received.push(chunk));
    socket.once('end', () => {
      const all = Buffer.concat(received);
      const rest = createHash('sha256').update(all.subarray(HASH_BYTES)).digest('hex');
      resolve(
        all.subarray(0, HASH_BYTES).toString('hex') === hashOf(CLIENT_PATTERN, length) &&
          rest === hashOf(SERVER_PATTERN, length),
      );
    });
    socket.write('h');
    for (let left = length; left > 0; left -= CLIENT_PATTERN.length) {
      socket.write(CLIENT_PATTERN.subarray(0, Math.min(left, CLIENT_PATTERN.length)));
    }
    socket.end();
  });
}

function reset(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open();
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNRESET'));
    socket.once('end', () => resolve(false));
    socket.resume();
    socket.write('r');
  });
}

const times = <T>(make: () => T): T[] => Array.from({ length: Number(count) }, make);

if (mode === 'stalled') {
  const sockets = times(open);
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          socket.once('error', reject);
          socket.once('readable', resolve);
          socket.write('s');
        }),
    ),
  );
  process.stdout.write(`${JSON.stringify({ stalled: sockets.length })}\n`);
  setInterval(() => {}, 60_000);
} else {
  const results = await Promise.all(times(() => (mode === 'hash' ? exchange(Number(bytes)) : reset())));
  process.stdout.write(`${JSON.stringify({ good: results.filter(Boolean).length, of: results.length })}\n`);
}
