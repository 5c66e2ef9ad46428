import type { Socket } from 'node:net';

const IDLE_MS = 25_000;
const PROBE_EVERY_MS = 5_000;
const PROBES = 4;

/**
 * A sandbox that is gone is noticed after 45 s of an idle connection. The kernel sends no probes while bytes wait to be
 * acknowledged: those connections are found by `SilentEnds`.
 */
export function keepAlive(socket: Socket): void {
  socket.setKeepAlive(true, IDLE_MS, PROBE_EVERY_MS, PROBES);
}
