import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ConnectionEnds } from '#test/support/open-connection.js';

/**
 * The clients of a revocation, in a process of their own: who asks for the denial and its proof does not wait for what
 * the clients do with a thousand resets.
 */

export type Asked = { readonly kind: 'open'; readonly count: number; readonly ends: ConnectionEnds } | { kind: 'try' };

/** `at`: milliseconds since 1970. */
export type Told = { readonly kind: 'open' } | { readonly kind: 'ended' | 'refused'; readonly at: number };

const AT_ONCE = 50;

let ends: ConnectionEnds | null = null;

process.on('message', async (asked: Asked) => {
  if (asked.kind === 'open') {
    ends = asked.ends;
    const sockets = await openAll(asked.ends, asked.count);
    tell({ kind: 'open' });
    await Promise.all(sockets.map(closed));
    tell({ kind: 'ended', at: now() });
  } else if (ends !== null) {
    // Reset while it connects, or right after.
    await closed(begin(ends));
    tell({ kind: 'refused', at: now() });
  }
});
process.once('disconnect', () => process.exit(0));

/** Each has received a byte: the target is connected. It stays open, with nothing to send. */
async function openAll(to: ConnectionEnds, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const part = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, async () => {
        const socket = begin(to);
        socket.write('GET /hold HTTP/1.1\r\nHost: api\r\n\r\n');
        await once(socket, 'data');
        socket.resume();
        return socket;
      }),
    );
    sockets.push(...part);
  }
  return sockets;
}

function begin(to: ConnectionEnds): Socket {
  // A reset is no error here.
  return connect(to).on('error', () => {});
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function tell(told: Told): void {
  process.send?.(told);
}
