import type { FlowEnd, MeshEnd, SocketEnd } from './flow-end.js';

type Count = (bytes: number) => void;

const NOTHING = Buffer.alloc(0);

/**
 * Passes the bytes of one end to the other with backpressure, and the end of bytes as a half-close. Broken ends are
 * handled by whoever watches them.
 */
export function pump(from: FlowEnd, to: FlowEnd, count: Count): void {
  if (from.kind === 'socket') pumpReads(from, to, count);
  else pumpStream(from, to, count);
}

/** With one reused buffer, which is read into again only when the other end has taken its content. */
function pumpReads(from: SocketEnd, { stream }: FlowEnd, count: Count): void {
  from.onBytes = (length, bytes) => {
    count(length);
    stream.write(length === bytes.length ? bytes : bytes.subarray(0, length));
    if (stream.writableLength === 0) {
      from.reads.sized(length);
      return true;
    }
    from.lend();
    stream.write(NOTHING, () => from.giveBack());
    return false;
  };
  from.onEnd = () => stream.end();
  from.stream.resume();
}

function pumpStream(from: MeshEnd, to: FlowEnd, count: Count): void {
  from.stream.on('data', (chunk: Buffer) => {
    count(chunk.length);
    if (to.stream.destroyed || to.stream.write(chunk)) return;
    from.stream.pause();
    to.stream.once('drain', () => from.stream.resume());
  });
  from.stream.on('end', () => to.stream.end());
  from.stream.resume();
}
