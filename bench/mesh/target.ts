import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { startMeshNode } from '#libs/mesh/mesh-node.js';

/** The target's process: answers the same over the mesh and over plain TCP, and tells its parent where. */

const BLOCK = Buffer.alloc(64 * 1024, 'x');

/** The request is a number of bytes; the answer is that many, then the end. */
function answer(stream: Duplex): void {
  stream.on('error', () => stream.destroy());
  stream.once('data', (request: Buffer) => {
    let left = Number(request.readBigUInt64BE(0));
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

process.once('message', async (credentials: MeshCredentials) => {
  const node = await startMeshNode({
    credentials,
    transport: directTransport({ listen: '127.0.0.1:0' }),
    log: () => undefined,
  });
  node.onFlow((flow) => answer(flow.accept(flow.request.version)));
  const server = createServer({ noDelay: true }, answer);
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
    const address = server.address();
    process.send?.({ endpoints: node.endpoints, port: typeof address === 'object' ? address?.port : null });
  });
});
process.once('disconnect', () => process.exit(0));
