import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from './endpoint.js';
import type { Handler } from './handler.js';
import { MAX_LOCAL_ANSWER_BYTES } from './responses.js';

/** One open socket or pair of sockets; closing it waits until the address is free again. */
export interface Listener {
  close(): Promise<void>;
}

const RING_SLOTS = 1024;
const RING_CHECK_EVERY = 256;
const SOCKET_BUFFER_BYTES = 4 << 20;

type LookupCallback = (error: Error | null, address: string, family: number) => void;

/**
 * A UDP socket bound to one address, so that answers leave from the address asked. Rejects with the system's error
 * when it cannot be bound. `onLost`: the socket failed later and is closed.
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
    // The address of a client is an address already; without this every answer passes through a name look-up.
    lookup: (address: string, options: unknown, callback: LookupCallback) => {
      const done = typeof options === 'function' ? (options as LookupCallback) : callback;
      done(null, address, endpoint.family);
    },
  });
  // A buffer handed to the socket is its until sent: answers take turns in a ring that is longer than its queue.
  const ring = Array.from({ length: RING_SLOTS }, () => Buffer.allocUnsafeSlow(MAX_LOCAL_ANSWER_BYTES));
  let slot = 0;
  let congested = false;

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
  // A client that cannot be reached is no failure of this socket.
  const ignoreSendError = (): void => {};
  socket.on('message', (packet, client) => {
    slot = (slot + 1) % RING_SLOTS;
    if (slot % RING_CHECK_EVERY === 0 || congested) {
      congested = socket.getSendQueueCount() >= RING_SLOTS - 2 * RING_CHECK_EVERY;
    }
    const out = ring[slot];
    if (congested || out === undefined) return;
    const handled = handler.handle(packet, client.address, 'udp', out);
    if (typeof handled === 'number') {
      if (handled > 0) socket.send(out, 0, handled, client.port, client.address, ignoreSendError);
      return;
    }
    handled.then((answer) => {
      if (!closed) socket.send(answer, client.port, client.address, ignoreSendError);
    });
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
