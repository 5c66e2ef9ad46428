import type { Client, ClientConfig } from 'pg';
import { connectClient, dropClient, sqlState } from './connection.js';

/** cannot_connect_now, PostgreSQL documentation, appendix A. */
const CANNOT_CONNECT_NOW = '57P03';
const OURS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND usename = current_user
    AND application_name LIKE 'globalstacks %' AND pid <> pg_backend_pid()`;

/**
 * Ends every connection of this control plane to a server that takes no new ones, the given open one last. Postgres
 * that is asked by SIGTERM to end ("smart shutdown") waits for its clients: as long as one of ours is open it would
 * refuse every new connection and never start again. Does nothing while new connections are taken, or while it is not
 * known.
 */
export async function letGoOfEndingServer(config: ClientConfig, open: Client): Promise<void> {
  try {
    const probe = await connectClient(config, () => {});
    await probe.end();
  } catch (error) {
    if (sqlState(error) !== CANNOT_CONNECT_NOW) return;
    try {
      await open.query(OURS);
    } finally {
      dropClient(open);
    }
  }
}
