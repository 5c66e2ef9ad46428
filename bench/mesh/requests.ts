import type { Duplex } from 'node:stream';

/** Sent in place of a number of bytes: the target echoes everything. */
export const ECHO = 0;

const BLOCK = Buffer.alloc(64 * 1024, 'x');

/** The request is a number of bytes; the answer is that many bytes, then the end. */
export function answer(stream: Duplex): void {
  stream.on('error', () => stream.destroy());
  stream.once('data', (request: Buffer) => {
    let left = Number(request.readBigUInt64BE(0));
    if (left === ECHO) {
      stream.write(request.subarray(8));
      stream.pipe(stream);
      return;
    }
    const send = () => {
      while (left > 0) {
        const size = Math.min(left, BLOCK.length);
        left -= size;
        if (!stream.write(size === BLOCK.length ? BLOCK : BLOCK.subarray(0, size))) return;
      }
      stream.off('drain', send);
      stream.end();
    };
    stream.on('drain', send);
    send();
  });
}
