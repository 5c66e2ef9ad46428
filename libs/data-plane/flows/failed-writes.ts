import type { Socket } from 'node:net';

/**
 * Keeps a socket readable after a write failed: what the other side sent before its reset is still in the kernel, and
 * Node would close the socket and lose it. `failed` gets the error of the first failed write; later writes are dropped.
 */
export function surviveFailedWrites(socket: Socket, failed: (error: Error) => void): void {
  let hasFailed = false;
  const write = socket._write;
  const writeMany = socket._writev;
  const swallow = (done: (error?: Error | null) => void) => (error?: Error | null) => {
    if (error && !hasFailed) {
      hasFailed = true;
      failed(error);
    }
    done();
  };
  socket._write = (chunk, encoding, done) => {
    if (hasFailed) done();
    else write.call(socket, chunk, encoding, swallow(done));
  };
  socket._writev = (chunks, done) => {
    if (hasFailed) done();
    else writeMany?.call(socket, chunks, swallow(done));
  };
}
