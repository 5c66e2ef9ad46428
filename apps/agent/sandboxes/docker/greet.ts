import { createSocket } from 'node:dgram';
import { ipEach } from '../ip-command.js';

/** The discard port (RFC 863). */
const DISCARD_PORT = 9;

/**
 * Makes the host ask for the containers' hardware addresses, from which each container learns the host's at once.
 * Before its admission, the container's own requests were dropped, and it repeats them only once a second. Old entries
 * for these addresses are deleted first, because the host would not ask again. Error: IpCommandError.
 */
export async function greet(bridge: string, addresses: readonly string[]): Promise<void> {
  await ipEach(addresses.map((address) => `neigh flush to ${address} dev ${bridge}`));
  for (const address of addresses) {
    const socket = createSocket('udp4');
    socket.on('error', () => socket.close());
    socket.send(Buffer.alloc(0), DISCARD_PORT, address, () => socket.close());
  }
}
