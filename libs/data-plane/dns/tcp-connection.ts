import type { Socket } from 'node:net';
import type { Handler } from './handler.js';
import type { DnsLimits } from './limits.js';
import { MAX_LOCAL_ANSWER_BYTES } from './responses.js';
import { createFrameReader } from './tcp-frames.js';

/**
 * Serves the queries of one connection, pipelined, each answered when its answer is known (RFC 7766 sections 6.2.1
 * and 7). The idle clock is set back only by a whole query or an answer taken, so a sender of single octets and a
 * reader of none both end. Reading stops while answers wait.
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

  function send(answer: Buffer, length: number): void {
    if (socket.destroyed) return;
    const framed = Buffer.allocUnsafe(2 + length);
    framed.writeUInt16BE(length);
    answer.copy(framed, 2, 0, length);
    socket.write(framed);
  }

  function answer(packet: Buffer): void {
    const out = Buffer.allocUnsafe(MAX_LOCAL_ANSWER_BYTES);
    const handled = handler.handle(packet, source, 'tcp', out);
    if (handled === 0) {
      // Not a query, or one too many: over TCP silence would leave the client waiting.
      socket.destroy();
    } else if (typeof handled === 'number') {
      send(out, handled);
    } else {
      waiting += 1;
      handled.then((message) => {
        waiting -= 1;
        send(message, message.length);
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
  // Whatever broke the connection, closing it is all there is to do.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(idle));
}
