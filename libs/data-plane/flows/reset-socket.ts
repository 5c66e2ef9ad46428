import type { Socket } from 'node:net';

/**
 * Ends a TCP connection at once with a reset (RFC 9293 section 3.5.3); what this process and the kernel have buffered
 * is dropped. A socket that is not connected yet is only closed. libuv refuses a reset while a shutdown is pending, and
 * the socket would then never close. By then all bytes are in the kernel, and the shutdown happens in the same turn of
 * the loop, so the reset is made after it.
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

/** Whether the socket's end was passed to libuv and is still pending: nothing is left to write. */
function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
}
