import type { Client } from 'pg';
import { sqlState } from './database-errors.js';
import { dropClient } from './drop-client.js';

/** cannot_connect_now (PostgreSQL manual, appendix A). */
const CANNOT_CONNECT_NOW = '57P03';

/** Connected clients of this process by server, with the time of their connect. */
const connected = new Map<string, Map<Client, number>>();

/**
 * Closes all older connections of this process to a server that refuses new ones because it is shutting down. After
 * SIGTERM ("smart shutdown") Postgres waits for its clients: while one of ours is open, it refuses every new connection
 * and never restarts. Only a client that tries to connect notices, and it may have no connection yet. Call it for each
 * client before it connects.
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
