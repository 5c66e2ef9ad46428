import type { Client } from 'pg';
import { sqlState } from './database-errors.js';
import { dropClient } from './drop-client.js';

/** cannot_connect_now, PostgreSQL documentation, appendix A. */
const CANNOT_CONNECT_NOW = '57P03';

/** Connected clients of this process, by server, with the time since when. */
const connected = new Map<string, Map<Client, number>>();

/**
 * Lets go of a server that takes no new connections: every older one of this process ends. Postgres that is asked by
 * SIGTERM to end ("smart shutdown") waits for its clients: as long as one of ours is open it would refuse every new
 * connection and never start again. Only whoever wants a connection learns of it, and that may be one that has none.
 * For each client, before it connects.
 */
export function letGoOfEndingServer(client: Client): void {
  const server = `${client.host}:${client.port}`;
  const beganAt = performance.now();
  client.once('connect', () => {
    const clients = connected.get(server) ?? new Map<Client, number>();
    connected.set(server, clients.set(client, performance.now()));
  });
  client.once('end', () => {
    const clients = connected.get(server);
    clients?.delete(client);
    if (clients?.size === 0) connected.delete(server);
  });
  client.connection.on('errorMessage', (error: unknown) => {
    if (sqlState(error) !== CANNOT_CONNECT_NOW) return;
    for (const [other, since] of connected.get(server) ?? []) if (since < beganAt) dropClient(other);
  });
}
