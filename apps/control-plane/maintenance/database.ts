import type { Client } from 'pg';
import { clientConfig, connectClient } from '#libs/event-store/connection.js';
import { databaseFault } from '../foundation/database-fault.js';

/** Does something with a connection, and ends it. Errors: DatabaseUnusableError, those of `work`. */
export async function withDatabase<T>(
  databaseUrl: string,
  applicationName: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  try {
    const client = await connectClient(clientConfig(databaseUrl, applicationName), () => {});
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  } catch (error) {
    throw databaseFault(error, databaseUrl);
  }
}
