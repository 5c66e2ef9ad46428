import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { freePortOn } from '#apps/all-in-one/free-ports.js';

/** A TCP port of this address that was free just now, and that no outgoing connection uses. */
export function freePort(address = '127.0.0.1'): Promise<number> {
  return freePortOn(address);
}

/** Like freePort, for UDP. */
export async function freeUdpPort(address: string): Promise<number> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
