import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport } from '#libs/mesh/transport.js';
import { freePort } from '#test/support/ports.js';

/** A transport with a relay in each connection that it dials. */
export interface RelayedTransport extends Transport {
  /** Open connections carry nothing this way until the returned function is called. */
  hold(way: 'to the peer' | 'from the peer'): () => void;
  /** Falls silent, without an end or a reset: from now on open connections carry nothing; new ones do. */
  freeze(): void;
}

export async function withRelay(inner: Transport): Promise<RelayedTransport> {
  const port = await freePort();
  const waiting: Duplex[] = [];
  /** Where the bytes of each open end go, and which way that is. */
  const relayed = new Map<Duplex, { readonly to: Duplex; readonly way: 'to the peer' | 'from the peer' }>();
  const server = createServer((near) => {
    const far = waiting.shift();
    if (far === undefined) return near.destroy();
    for (const [from, to, way] of [
      [near, far, 'to the peer'],
      [far, near, 'from the peer'],
    ] as const) {
      relayed.set(from, { to, way });
      from.on('error', () => to.destroy());
      from.on('close', () => relayed.delete(from) && to.destroy());
      from.pipe(to);
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
    hold(held) {
      const ends = [...relayed].filter(([, { way }]) => way === held);
      for (const [from] of ends) from.unpipe().pause();
      return () => {
        for (const [from, { to }] of ends) from.pipe(to);
      };
    },
    freeze() {
      for (const connection of relayed.keys()) {
        connection.unpipe();
        connection.pause();
        connection.removeAllListeners('close');
      }
    },
    async close() {
      for (const connection of relayed.keys()) connection.destroy();
      server.close();
      await inner.close();
    },
  };
}
