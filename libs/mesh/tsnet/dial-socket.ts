import { connect, type Socket } from 'node:net';
import { parseObject } from '#libs/contracts/json-fields.js';
import { PeerUnreachableError } from '../flow.js';

/** Longest answer to a dial request. */
const MAX_ANSWER_BYTES = 4_096;
const NEWLINE = 0x0a;

/**
 * Connects through mesh-node's socket to an address and port in the mesh: sends one line, reads one line, and passes
 * the peer's bytes from then on. Rejects with PeerUnreachableError.
 */
export function dialThroughSocket(path: string, endpoint: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(unreachable(endpoint, signal.reason));
    const socket = connect({ path, allowHalfOpen: false });
    let received = Buffer.alloc(0);
    const settled = () => {
      signal.removeEventListener('abort', aborted);
      socket.off('error', fail);
      socket.off('close', closed);
      socket.off('readable', read);
    };
    const fail = (error: unknown) => {
      settled();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(unreachable(endpoint, error));
    };
    const aborted = () => fail(signal.reason);
    const closed = () => fail(new Error('mesh-node closed the connection'));
    // Reads in paused mode: bytes after the answer stay in the socket for its next reader.
    const read = () => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        received = Buffer.concat([received, chunk]);
      }
      const end = received.indexOf(NEWLINE);
      if (end < 0) {
        if (received.length > MAX_ANSWER_BYTES) fail(new Error('the answer of mesh-node cannot be read'));
        return;
      }
      const refusal = refusalIn(received.subarray(0, end).toString('utf8'));
      if (refusal !== null) return fail(new Error(refusal));
      settled();
      if (end + 1 < received.length) socket.unshift(received.subarray(end + 1));
      resolve(socket);
    };
    signal.addEventListener('abort', aborted, { once: true });
    socket.once('error', fail);
    socket.once('close', closed);
    socket.on('readable', read);
    socket.write(`${JSON.stringify({ dial: endpoint })}\n`);
  });
}

/** null: mesh-node has connected. */
function refusalIn(line: string): string | null {
  try {
    const { ok, error } = parseObject(JSON.parse(line), 'answer');
    if (ok === true) return null;
    return typeof error === 'string' ? error : 'mesh-node gave no reason';
  } catch {
    return 'the answer of mesh-node cannot be read';
  }
}

function unreachable(endpoint: string, cause: unknown): PeerUnreachableError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PeerUnreachableError(
    'PEER_UNREACHABLE',
    `no connection to ${endpoint} in the mesh: ${reason}`,
    "check with `gstacks agent list` that the peer's agent has joined the mesh",
  );
}
