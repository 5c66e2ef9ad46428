import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from './endpoint.js';
import type { Handler } from './handler.js';

/** One open socket or pair of sockets. Closing waits until the address is free again. */
export interface Listener {
  close(): Promise<void>;
}

/** Answers that the kernel does not accept at once wait in memory. Above this many bytes, queries are dropped. */
const MAX_QUEUED_BYTES = 1 << 20;
const CHECK_QUEUE_EVERY = 64;
const SOCKET_BUFFER_BYTES = 4 << 20;

type LookupCallback = (error: Error | null, address: string, family: number) => void;

/**
 * A UDP socket bound to one address, so that answers are sent from the address that was asked. Rejects with the
 * system's error if it cannot be bound. `onLost` is called when the socket fails later and is closed.
 */
export async function openUdpListener(
  endpoint: Endpoint,
  handler: Handler,
  onLost: (error: Error) => void,
): Promise<Listener> {
  const socket = createSocket({
    type: endpoint.family === 4 ? 'udp4' : 'udp6',
    ipv6Only: endpoint.family === 6,
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
    // Clients are given as addresses; without this, Node does a name look-up for every answer.
    lookup: (address: string, options: unknown, callback: LookupCallback) => {
      const done = typeof options === 'function' ? (options as LookupCallback) : callback;
      done(null, address, endpoint.family);
    },
  });
  const bound = once(socket, 'listening');
  socket.bind({ address: endpoint.address, port: endpoint.port, exclusive: true });
  try {
    await bound;
  } catch (error) {
    socket.close();
    throw error;
  }

  let closed = false;
  socket.on('error', (error) => {
    if (closed) return;
    closed = true;
    socket.close();
    onLost(error);
  });
  let received = 0;
  let congested = false;
  socket.on('message', (packet, client) => {
    received += 1;
    if (congested || received % CHECK_QUEUE_EVERY === 0) congested = socket.getSendQueueSize() > MAX_QUEUED_BYTES;
    if (congested) return;
    const handled = handler.handle(packet, client.address, 'udp');
    // Without a callback: a client that cannot be reached is no failure of this socket.
    if (Buffer.isBuffer(handled)) socket.send(handled, client.port, client.address);
    else if (handled !== null) {
      handled.then((answer) => {
        if (!closed) socket.send(answer, client.port, client.address);
      });
    }
  });

  return {
    async close() {
      if (closed) return;
      closed = true;
      const done = once(socket, 'close');
      socket.close();
      await done;
    },
  };
}
