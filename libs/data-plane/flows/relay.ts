import type { MeshFlow } from '#libs/mesh/flow.js';
import type { FlowEnd, MeshEnd, SocketEnd } from './flow-end.js';

type Count = (bytes: number) => void;

/** What enters HTTP/2 is kept there by reference, and large writes fill its session's memory. */
const MESH_CHUNK_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Passes the bytes of one end to the other, with backpressure, and its end as an end (half-close). What breaks is
 * the business of who watches the ends. An agent carries no flow from mesh to mesh.
 */
export function pump(from: FlowEnd, to: FlowEnd, count: Count): void {
  if (from.kind === 'socket' && to.kind === 'socket') pumpSockets(from, to, count);
  else if (from.kind === 'socket' && to.kind === 'mesh') pumpIntoMesh(from, to.stream, count);
  else if (from.kind === 'mesh' && to.kind === 'socket') pumpOutOfMesh(from, to, count);
}

/** One reused buffer: it is read into again only when the kernel has taken everything it held. */
function pumpSockets(from: SocketEnd, to: SocketEnd, count: Count): void {
  const target = to.socket;
  from.onBytes = (length, bytes) => {
    count(length);
    target.write(length === bytes.length ? bytes : bytes.subarray(0, length));
    if (target.writableLength === 0) {
      from.reads.sized(length);
      return true;
    }
    from.lend();
    target.write(NOTHING, () => from.giveBack());
    return false;
  };
  from.socket.on('end', () => target.end());
  from.socket.resume();
}

function pumpIntoMesh(from: SocketEnd, stream: MeshFlow, count: Count): void {
  from.onBytes = (length, bytes) => {
    count(length);
    let goOn = true;
    for (let at = 0; at < length; at += MESH_CHUNK_BYTES) {
      goOn = stream.write(Buffer.from(bytes.subarray(at, Math.min(at + MESH_CHUNK_BYTES, length))));
    }
    if (!goOn) stream.once('drain', () => from.socket.resume());
    return goOn;
  };
  from.socket.on('end', () => stream.end());
  from.socket.resume();
}

function pumpOutOfMesh({ stream }: MeshEnd, to: SocketEnd, count: Count): void {
  stream.on('data', (chunk: Buffer) => {
    count(chunk.length);
    if (to.socket.write(chunk)) return;
    stream.pause();
    to.socket.once('drain', () => stream.resume());
  });
  stream.on('end', () => to.socket.end());
  stream.resume();
}
