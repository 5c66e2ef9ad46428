import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { surviveFailedWrites } from '#libs/data-plane/flows/failed-writes.js';

/**
 * The other side of raw-server.js, run inside another sandbox: raw-client.js HOST PORT MODE COUNT BYTES. Prints one
 * JSON line: for `hash` how many of COUNT connections came through byte for byte; for `reset` how many ended in a
 * reset; for `answered` how many got all BYTES of an answer to a megabyte that the server does not read; for `leave`
 * how many sent BYTES and reset at once; for `stalled` nothing until killed, after opening COUNT connections that are
 * never read. What came of the others is counted on standard error.
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

type Outcome = true | string;

const orElse = (isGood: boolean, what: string): Outcome => isGood || what;

function open(): Socket {
  return connect({ host, port: Number(port), allowHalfOpen: true });
}

/** Sends everything, half-closes, and only then reads: it must get the hash and as many bytes again. */
function exchange(length: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = open();
    const received: Buffer[] = [];
    socket.once('error', (error) => resolve(error.message));
    socket.on('data', (chunk) => received.push(chunk));
    socket.once('end', () => {
      const all = Buffer.concat(received);
      const rest = createHash('sha256').update(all.subarray(HASH_BYTES)).digest('hex');
      const isWhole =
        all.subarray(0, HASH_BYTES).toString('hex') === hashOf(CLIENT_PATTERN, length) &&
        rest === hashOf(SERVER_PATTERN, length);
      resolve(orElse(isWhole, `other bytes, ${all.length} of them`));
    });
    socket.write('h');
    for (let left = length; left > 0; left -= CLIENT_PATTERN.length) {
      socket.write(CLIENT_PATTERN.subarray(0, Math.min(left, CLIENT_PATTERN.length)));
    }
    socket.end();
  });
}

function reset(): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = open();
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(orElse(error.code === 'ECONNRESET', error.message)));
    socket.once('end', () => resolve('a clean end'));
    socket.resume();
    socket.write('r');
  });
}

/** Keeps reading after a failed write, as a client does whose upload is cut short by the answer. */
function answered(length: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = open();
    let received = 0;
    surviveFailedWrites(socket, () => {});
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    const ended = (how: string) => resolve(orElse(received === length, `${received} bytes and ${how}`));
    socket.once('error', (error) => ended(error.message));
    socket.once('end', () => ended('a clean end'));
    const upload = Buffer.alloc(UPLOAD_BYTES);
    upload.write(`a${length}\n`);
    socket.write(upload);
  });
}

function leave(length: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = open();
    socket.once('error', (error) => resolve(error.message));
    socket.once('close', () => resolve(true));
    socket.write(Buffer.alloc(length, 'l'), () => socket.resetAndDestroy());
  });
}

const EXCHANGES: Readonly<Record<string, (length: number) => Promise<Outcome>>> = {
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
  const bad = results.filter((outcome) => outcome !== true);
  for (const what of new Set(bad)) {
    process.stderr.write(`${bad.filter((other) => other === what).length} times: ${what}\n`);
  }
  process.stdout.write(`${JSON.stringify({ good: results.length - bad.length, of: results.length })}\n`);
}
