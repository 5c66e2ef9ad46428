import { createServer, type Server, type Socket } from 'node:net';

/** A server that passes the bytes of each client on, both ways, over a connection of its own. */
export function byteRelay(dial: () => Socket): Server {
  return createServer((client) => {
    const target = dial();
    client.on('error', () => target.destroy()).on('close', () => target.destroy());
    target.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(target).pipe(client);
  });
}
