import { createSocket } from 'node:dgram';
import { ipEach } from '../ip-command.js';

/** RFC 863: whatever comes to this port is thrown away. */
const DISCARD_PORT = 9;

/**
 * Makes the host ask for the containers' hardware addresses, by which each container learns the host's at once. Until
 * it was admitted its own questions went unheard, and it repeats them only each second. An address that an earlier
 * container had is forgotten first: the host would not ask for it again. Error: IpCommandError.
 */
export async function greet(bridge: string, addresses: readonly string[]): Promise<void> {
  await ipEach(addresses.map((address) => `neigh flush to ${address} dev ${bridge}`));
  for (const address of addresses) {
    const socket = createSocket('udp4');
    socket.on('error', () => socket.close());
    socket.send(Buffer.alloc(0), DISCARD_PORT, address, () => socket.close());
  }
}
