import type { Socket } from 'node:net';
import type { Handler } from './handler.js';
import type { DnsLimits } from './limits.js';
import { createFrameReader } from './tcp-frames.js';

/**
 * Serves the pipelined queries of one connection, each answered when its answer is known (RFC 7766 sections 6.2.1 and
 * 7). Only a whole query or an answer that was read restarts the idle timer, so clients that send single octets or
 * never read are closed too. Reading stops while answers wait.
 */
export function serveTcpConnection(
  socket: Socket,
  source: string,
  handler: Handler,
  limits: Pick<DnsLimits, 'tcpIdleMs' | 'tcpPipelined'>,
  onMalformed: () => void,
): void {
  const frames = createFrameReader();
  let waiting = 0;
  let ended = false;
  const idle = setTimeout(() => socket.destroy(), limits.tcpIdleMs);

  function pace(): void {
    if (socket.destroyed) return;
    const full = waiting >= limits.tcpPipelined || socket.writableNeedDrain;
    if (full) socket.pause();
    else socket.resume();
    if (ended && waiting === 0) socket.end();
  }

  function send(answer: Buffer): void {
    if (socket.destroyed) return;
    const framed = Buffer.allocUnsafe(2 + answer.length);
    framed.writeUInt16BE(answer.length);
    answer.copy(framed, 2);
    socket.write(framed);
  }

  function answer(packet: Buffer): void {
    const handled = handler.handle(packet, source, 'tcp');
    if (handled === null) {
      // No query, or one too many: without an answer over TCP the client would wait, so the connection is closed.
      socket.destroy();
    } else if (Buffer.isBuffer(handled)) {
      send(handled);
    } else {
      waiting += 1;
      handled.then((message) => {
        waiting -= 1;
        send(message);
        pace();
      });
    }
  }

  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    const packets = frames.push(chunk);
    if (packets === null) {
      onMalformed();
      socket.destroy();
      return;
    }
    if (packets.length > 0) idle.refresh();
    for (const packet of packets) if (!socket.destroyed) answer(packet);
    pace();
  });
  socket.on('drain', () => {
    idle.refresh();
    pace();
  });
  socket.on('end', () => {
    ended = true;
    pace();
  });
  // After any error the connection can only be closed.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(idle));
}
