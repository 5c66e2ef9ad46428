import { type AddressInfo, createServer, type Socket } from 'node:net';

/** The server behind each proxy: answers `bulk` with endless bytes, and echoes anything else. */

const BLOCK = Buffer.alloc(512 * 1024, 'x');

function flood(socket: Socket): void {
  const send = () => {
    while (!socket.destroyed && socket.write(BLOCK));
  };
  socket.on('drain', send);
  send();
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first: Buffer) => {
    if (first.toString() === 'bulk') return flood(socket);
    socket.write(first);
    socket.on('data', (request: Buffer) => socket.write(request));
  });
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () =>
  process.send?.((server.address() as AddressInfo).port),
);
process.once('disconnect', () => process.exit(0));
