import { Socket, type SocketConstructorOpts } from 'node:net';
import { keepAlive } from './keepalive.js';

/** Where a socket's bytes go. Both are called without `this`. */
export interface BulkReads {
  /** The buffer of the next read. */
  readonly buffer: () => Buffer;
  /** Gets each read and answers whether to go on reading. */
  readonly callback: (length: number, bytes: Uint8Array) => boolean;
}

/**
 * An accepted connection, paused and with keepalive, that reads into the buffers of `reads`. `net.createServer` takes
 * no `onread`, so the connection's handle is given to a new socket; the handle is not part of Node's public interface,
 * and where it is not found the same reads are fed from ordinary 'data' events, which cost a buffer each.
 */
export function takeOver(accepted: Socket, reads: BulkReads): Socket {
  accepted.pause();
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (!isStreamHandle(handle)) return readPlainly(accepted, reads);
  Reflect.set(accepted, '_handle', null);
  const options: SocketConstructorOpts = { allowHalfOpen: true, onread: reads };
  Reflect.set(options, 'handle', handle);
  const socket = new Socket(options);
  socket.pause();
  keepAlive(socket);
  // The husk has no handle any more: this only tells its server that it is gone.
  accepted.destroy();
  return socket;
}

/** The way without the handle. */
export function readPlainly(socket: Socket, reads: BulkReads): Socket {
  socket.pause();
  keepAlive(socket);
  socket.on('data', (chunk: Buffer) => {
    if (!reads.callback(chunk.length, chunk)) socket.pause();
  });
  return socket;
}

/** What `new Socket({ handle })` needs of it. */
function isStreamHandle(handle: unknown): handle is object {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    ['readStart', 'readStop', 'useUserBuffer', 'shutdown', 'reset'].every(
      (method) => typeof Reflect.get(handle, method) === 'function',
    )
  );
}
