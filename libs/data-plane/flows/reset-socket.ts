import type { Socket } from 'node:net';

/**
 * Ends a TCP connection at once with a reset (RFC 9293 section 3.5.3): what it buffers here, in this process and in
 * the kernel, is dropped. A socket without a connection yet is only closed.
 *
 * libuv refuses a reset while a shutdown waits in its loop, and the socket would then never be closed at all. All
 * bytes are with the kernel by then and the shutdown is made in the same turn of the loop, so the reset follows it.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting) {
    socket.destroy();
  } else if (isShuttingDown(socket)) {
    socket.pause();
    socket.once('finish', () => resetSocket(socket));
  } else {
    socket.resetAndDestroy();
  }
}

/** Its end was handed to libuv and libuv has not made it yet: from then on nothing is left to write. */
function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
}
