import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { ConnectionEnds } from '#test/support/open-connection.js';

/**
 * The clients of a revocation and their target, in a process of their own. They share the cores with the agents, so
 * they do as little as they can while connections are cut: nobody reads from a connection, so that a reset runs no
 * JavaScript here, except for the connections that are opened last. Agents cut in the order of opening.
 */

export type Asked =
  | { readonly kind: 'listen'; readonly host: string; readonly port: number }
  | { readonly kind: 'open'; readonly count: number; readonly ends: ConnectionEnds }
  | { readonly kind: 'try' | 'check' };

/** `at`: milliseconds since 1970. */
export type Told =
  | { readonly kind: 'listening' | 'open' | 'checked' }
  | { readonly kind: 'ended' | 'refused'; readonly at: number };

const AT_ONCE = 50;
/** How many of the last connections are watched for their end. */
const WATCHED = 50;

/** A connection, and what resolves once the target's byte has come through it. */
interface Client {
  readonly socket: Socket;
  readonly isThrough: Promise<void>;
}

let ends: ConnectionEnds | null = null;
let open: readonly Socket[] = [];
const accepted: Socket[] = [];

process.on('message', async (asked: Asked) => {
  switch (asked.kind) {
    case 'listen':
      await listen(asked.host, asked.port);
      return tell({ kind: 'listening' });
    case 'open': {
      ends = asked.ends;
      open = await openAll(asked.ends, asked.count);
      const ended = Promise.all(open.slice(-WATCHED).map(closed));
      tell({ kind: 'open' });
      await ended;
      return tell({ kind: 'ended', at: now() });
    }
    case 'try': {
      if (ends === null) return;
      // Reset while it connects, or right after.
      await closed(connect(ends).on('error', () => {}));
      return tell({ kind: 'refused', at: now() });
    }
    case 'check':
      await Promise.all(open.map(closed));
      for (const socket of accepted.splice(0)) socket.destroy();
      return tell({ kind: 'checked' });
  }
});
process.once('disconnect', () => process.exit(0));

/** The target sends one byte through each connection, and reads nothing. */
async function listen(host: string, port: number): Promise<void> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    accepted.push(socket.on('error', () => {}));
    socket.write('!');
  });
  server.listen(port, host);
  await once(server, 'listening');
}

async function openAll(to: ConnectionEnds, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const part = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () => begin(to));
    await Promise.all(part.map(({ isThrough }) => isThrough));
    sockets.push(...part.map(({ socket }) => socket));
  }
  return sockets;
}

/** Reads the target's byte, and then nothing until it is resumed. */
function begin(to: ConnectionEnds): Client {
  const through = Promise.withResolvers<void>();
  const callback = (): boolean => {
    through.resolve();
    return false;
  };
  const socket = connect({ ...to, onread: { buffer: Buffer.alloc(8), callback } });
  // A reset is no error here.
  return { socket: socket.on('error', () => {}), isThrough: through.promise };
}

/** Reads on, and resolves at the end. */
async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function tell(told: Told): void {
  process.send?.(told);
}
