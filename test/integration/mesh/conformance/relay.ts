import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport } from '#libs/mesh/transport.js';
import { freePort } from '#test/support/ports.js';

/** A transport with a relay in each connection that it dials. The relay can fall silent: no end, no reset. */
export interface FreezableTransport extends Transport {
  /** From now on open connections carry nothing; new ones do. */
  freeze(): void;
}

/** `latencyMs`: how long a byte takes through the relay, in each direction. */
export async function withRelay(inner: Transport, latencyMs = 0): Promise<FreezableTransport> {
  const port = await freePort();
  const waiting: Duplex[] = [];
  const relayed = new Set<Duplex>();
  const server = createServer((near) => {
    const far = waiting.shift();
    if (far === undefined) return near.destroy();
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      relayed.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => relayed.delete(from) && to.destroy());
      if (latencyMs === 0) from.pipe(to);
      else from.on('data', (chunk) => setTimeout(() => to.writable && to.write(chunk), latencyMs));
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    kind: inner.kind,
    async dial(endpoint, signal) {
      waiting.push(await inner.dial(endpoint, signal));
      const near: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
      await once(near, 'connect');
      return near;
    },
    listen: (handle) => inner.listen(handle),
    join: () => inner.join(),
    status: () => inner.status(),
    onStatus: (listener) => inner.onStatus(listener),
    expect: (endpoints) => inner.expect(endpoints),
    freeze() {
      for (const connection of relayed) {
        connection.unpipe();
        connection.pause();
        connection.removeAllListeners('close');
      }
    },
    async close() {
      for (const connection of relayed) connection.destroy();
      server.close();
      await inner.close();
    },
  };
}
