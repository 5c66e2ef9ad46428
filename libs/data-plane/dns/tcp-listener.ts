import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Endpoint } from './endpoint.js';
import type { Handler } from './handler.js';
import type { DnsLimits } from './limits.js';
import { serveTcpConnection } from './tcp-connection.js';
import type { Listener } from './udp-listener.js';

/** Open connections of all listeners, oldest first. */
export class TcpConnections {
  private readonly sources = new Map<Socket, string>();

  constructor(private readonly limits: Pick<DnsLimits, 'tcpConnections' | 'tcpConnectionsPerSource'>) {}

  /** False: this source has too many connections. If the total is reached, the oldest connection is closed instead. */
  admit(socket: Socket, source: string): boolean {
    let ofSource = 0;
    for (const other of this.sources.values()) if (other === source) ofSource += 1;
    if (ofSource >= this.limits.tcpConnectionsPerSource) return false;
    if (this.sources.size >= this.limits.tcpConnections) {
      const [oldest] = this.sources.keys();
      if (oldest !== undefined) {
        this.sources.delete(oldest);
        oldest.destroy();
      }
    }
    this.sources.set(socket, source);
    socket.on('close', () => this.sources.delete(socket));
    return true;
  }
}

/** A TCP server bound to one address; rejects with the system's error if it cannot be bound. */
export async function openTcpListener(
  endpoint: Endpoint,
  handler: Handler,
  connections: TcpConnections,
  limits: DnsLimits,
  onMalformed: () => void,
  onLost: (error: Error) => void,
): Promise<Listener> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const source = socket.remoteAddress;
    if (source === undefined || !connections.admit(socket, source)) {
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serveTcpConnection(socket, source, handler, limits, onMalformed);
  });
  const listening = once(server, 'listening');
  server.listen({ host: endpoint.address, port: endpoint.port, exclusive: true, ipv6Only: endpoint.family === 6 });
  await listening;
  server.on('error', onLost);
  return {
    async close() {
      const done = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await done;
    },
  };
}
