import type { Socket } from 'node:net';

const IDLE_MS = 25_000;
const PROBE_EVERY_MS = 5_000;
const PROBES = 4;

/**
 * Keepalive finds a vanished sandbox after 45 s on an idle connection. While bytes wait for acknowledgement the kernel
 * sends no probes; `SilentEnds` finds those connections.
 */
export function keepAlive(socket: Socket): void {
  socket.setKeepAlive(true, IDLE_MS, PROBE_EVERY_MS, PROBES);
}
