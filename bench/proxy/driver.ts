import { once } from 'node:events';
import { connect, type OnReadOpts, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const READ_BYTES = 512 * 1024;
/** Our proxy identifies clients by their address; HAProxy accepts any. */
const CLIENT_ADDRESS = '127.88.0.2';
const PROXY_ADDRESS = '127.0.0.1';
const REQUEST = Buffer.alloc(64, 'r');

async function open(port: number, onBytes: (count: number) => void): Promise<Socket> {
  const onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (count) => {
      onBytes(count);
      return true;
    },
  };
  const socket = connect({ host: PROXY_ADDRESS, port, localAddress: CLIENT_ADDRESS, noDelay: true, onread });
  await once(socket, 'connect');
  return socket;
}

/** Bytes per second that `flows` concurrent connections receive from the backend. */
export async function bulkRate(port: number, flows: number, seconds: number): Promise<number> {
  let received = 0;
  const sockets = await Promise.all(
    Array.from({ length: flows }, () =>
      open(port, (count) => {
        received += count;
      }),
    ),
  );
  for (const socket of sockets) socket.write('bulk');
  return rateOver(sockets, seconds, () => received);
}

/**
 * Requests of 64 bytes with answers of the same size, per second; each connection sends its next request after the
 * answer.
 */
export async function exchangeRate(port: number, connections: number, seconds: number): Promise<number> {
  let answered = 0;
  const sockets: Socket[] = [];
  for (let index = 0; index < connections; index += 1) {
    let left = REQUEST.length;
    const socket = await open(port, (count) => {
      left -= count;
      if (left > 0) return;
      left = REQUEST.length;
      answered += 1;
      socket.write(REQUEST);
    });
    sockets.push(socket);
  }
  for (const socket of sockets) socket.write(REQUEST);
  return rateOver(sockets, seconds, () => answered);
}

/** After a warm-up that is not counted. */
async function rateOver(sockets: readonly Socket[], seconds: number, count: () => number): Promise<number> {
  await pause(200);
  const [before, from] = [count(), performance.now()];
  await pause(seconds * 1000);
  const rate = (count() - before) / ((performance.now() - from) / 1000);
  for (const socket of sockets) socket.destroy();
  return rate;
}
