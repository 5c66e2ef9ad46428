import type { Client } from 'pg';

/** Drops the connection without waiting for the server, which may be stopped. */
export function dropClient(client: Client): void {
  const { stream } = client.connection;
  stream.destroy();
}
