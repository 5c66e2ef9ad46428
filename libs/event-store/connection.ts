import { Client, type ClientConfig } from 'pg';

/** Whatever the server's defaults: times as UTC in ISO form, and a commit that is answered is on disk. */
const SESSION = '-c TimeZone=UTC -c DateStyle=ISO -c synchronous_commit=on';

/** Raw text of every value, which the reader parses itself: an event's data is hashed as the text stored. */
export const RAW_TEXT: NonNullable<ClientConfig['types']> = { getTypeParser: () => (text: string) => text };

export function clientConfig(databaseUrl: string, applicationName: string): ClientConfig {
  return {
    connectionString: databaseUrl,
    application_name: applicationName,
    options: SESSION,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** A connected client; onEnd is called once, when the connection is lost or ended. */
export async function connectClient(config: ClientConfig, onEnd: () => void): Promise<Client> {
  const client = new Client(config);
  // Without a listener a lost connection would end the process; the queries under way are rejected all the same.
  client.on('error', () => {});
  client.once('end', onEnd);
  await client.connect();
  return client;
}

/** Drops the connection without waiting for the server, which may be stopped. */
export function dropClient(client: Client): void {
  const { stream } = client.connection;
  stream.destroy();
}

/**
 * Whether the database, rather than the statement, is the cause: connection lost, server starting, stopping or
 * crashed (SQLSTATE classes 08, 57P, 53), a transaction to be repeated (40), or one that took too long (25P03, 55P03,
 * 57014). Errors of JavaScript itself are mistakes of ours.
 */
export function isTransient(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== null) return /^(08|57P|53|40|25P03|55P03|57014)/.test(code);
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
}

/** The five characters of SQLSTATE; null for an error that is not the server's. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  return 'severity' in error && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}
