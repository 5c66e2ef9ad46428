import type { Socket } from 'node:net';
import type { ConnectionOptions, NatsConnection } from 'nats';
import { NatsConnectionImpl, setTransportFactory } from 'nats/lib/src/nats-base-client.js';
import { NodeTransport, nodeResolveHost } from 'nats/lib/src/node_transport.js';

/** A thousand small messages: dealing with them takes a few milliseconds, however little is done with each. */
const BYTES_A_TURN = 64 * 1_024;

/**
 * As `connect` of the client library, but what comes in is read in turns, between which the event loop goes on. By
 * itself a socket is read for as long as there is more, up to 2 MiB at a time: under a flood of small messages, timers
 * and other connections would wait for a tenth of a second at each turn.
 */
export function connectPaced(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new PacedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

class PacedTransport extends NodeTransport {
  override setupHandlers(): void {
    super.setupHandlers();
    readInTurns(this.socket);
  }
}

function readInTurns(socket: Socket): void {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < BYTES_A_TURN || socket.isPaused()) return;
    socket.pause();
    setImmediate(() => {
      bytes = 0;
      socket.resume();
    });
  });
}
