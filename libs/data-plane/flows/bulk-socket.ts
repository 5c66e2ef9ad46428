import { Socket, type SocketConstructorOpts } from 'node:net';
import { keepAlive } from './keepalive.js';

/** Where the bytes that a socket reads go. Both functions are called without `this`. */
export interface BulkReads {
  /** The buffer for the next read. */
  readonly buffer: () => Buffer;
  /** Called with each read; returns whether to go on reading. */
  readonly callback: (length: number, bytes: Uint8Array) => boolean;
}

/**
 * An accepted connection, paused and with keepalive, that reads into the buffers of `reads`. `net.createServer` takes
 * no `onread`, so the connection's handle is moved to a new socket. The handle is not part of Node's public interface;
 * if it is missing, `reads` are fed from ordinary 'data' events, which cost one buffer each.
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
  // This socket has lost its handle: destroying it only tells its server that it is gone.
  accepted.destroy();
  return socket;
}

/** Used if the handle is missing. */
export function readPlainly(socket: Socket, reads: BulkReads): Socket {
  socket.pause();
  keepAlive(socket);
  socket.on('data', (chunk: Buffer) => {
    if (!reads.callback(chunk.length, chunk)) socket.pause();
  });
  return socket;
}

/** The parts that `new Socket({ handle })` needs. */
function isStreamHandle(handle: unknown): handle is object {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    ['readStart', 'readStop', 'useUserBuffer', 'shutdown', 'reset'].every(
      (method) => typeof Reflect.get(handle, method) === 'function',
    )
  );
}
