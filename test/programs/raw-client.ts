import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { surviveFailedWrites } from '#libs/data-plane/flows/failed-writes.js';

/**
 * The other side of raw-server.js, run inside another sandbox: raw-client.js HOST PORT MODE COUNT BYTES. Prints one
 * JSON line: for `hash` how many of COUNT connections came through byte for byte; for `reset` how many ended in a
 * reset; for `answered` how many got all BYTES of an answer to a megabyte that the server does not read; for `leave` how
 * many sent BYTES and reset at once; for `stalled` nothing until killed, after opening COUNT connections that are never
 * read.
 */
const [host = '', port = '', mode = '', count = '1', bytes = '0'] = process.argv.slice(2);
const SERVER_PATTERN = Buffer.alloc(64 * 1024, 'server');
const CLIENT_PATTERN = Buffer.alloc(64 * 1024, 'client');
const HASH_BYTES = 32;
const UPLOAD_BYTES = 1_000_000;

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

/** Reads on after a failed write, as a client does whose upload is cut short by the answer. */
function answered(length: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open();
    let received = 0;
    surviveFailedWrites(socket, () => {});
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.once('error', () => resolve(received === length));
    socket.once('end', () => resolve(received === length));
    socket.once('close', () => resolve(false));
    const upload = Buffer.alloc(UPLOAD_BYTES);
    upload.write(`a${length}\n`);
    socket.write(upload);
  });
}

function leave(length: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open();
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(true));
    socket.write(Buffer.alloc(length, 'l'), () => socket.resetAndDestroy());
  });
}

const EXCHANGES: Readonly<Record<string, (length: number) => Promise<boolean>>> = {
  hash: exchange,
  answered,
  leave,
};

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
  const results = await Promise.all(times(() => (EXCHANGES[mode] ?? reset)(Number(bytes))));
  process.stdout.write(`${JSON.stringify({ good: results.filter(Boolean).length, of: results.length })}\n`);
}
