import { createSocket } from 'node:dgram';

/** RFC 863: whatever comes to this port is thrown away. */
const DISCARD_PORT = 9;

/**
 * Makes the host ask for the container's hardware address, by which the container learns the host's at once. Until it
 * was admitted its own questions went unheard, and it repeats them only each second.
 */
export function greet(address: string): void {
  const socket = createSocket('udp4');
  socket.on('error', () => socket.close());
  socket.send(Buffer.alloc(0), DISCARD_PORT, address, () => socket.close());
}
