import { Socket } from 'node:net';
import { Client, type ClientConfig, type PoolConfig } from 'pg';
import { DISK_FULL, sqlState } from './database-errors.js';
import { letGoOfEndingServer } from './ending-server.js';

/**
 * Overrides the server's defaults: times in UTC and ISO form, and commits that are on disk before they are answered.
 */
const SESSION = '-c TimeZone=UTC -c DateStyle=ISO -c synchronous_commit=on';

const CONNECT_WITHIN_MS = 5_000;
const IDLE_MS = 10_000;

/** Keeps every value as raw text, which the reader parses: an event's data is hashed as the stored text. */
export const RAW_TEXT: NonNullable<ClientConfig['types']> = { getTypeParser: () => (text: string) => text };

export function clientConfig(databaseUrl: string, applicationName: string): ClientConfig {
  return {
    connectionString: databaseUrl,
    application_name: applicationName,
    options: SESSION,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/**
 * A client whose loss never ends the process: it always has an error listener. A pool listens only while it holds the
 * client, and the borrower listens a moment later; in between, the database may end the connection, even in the same
 * bytes that say it is ready. Queries in progress are rejected as usual.
 */
class SteadyClient extends Client {
  constructor(config: SteadyClientConfig = {}) {
    super(config);
    this.on('error', () => {});
    letGoOfEndingServer(this);
    const { silentAtMostMs, onDiskFull } = config;
    if (onDiskFull !== undefined) {
      this.connection.on('errorMessage', (error: unknown) => {
        if (sqlState(error) === DISK_FULL) onDiskFull(error);
      });
    }
    if (silentAtMostMs === undefined) return;
    this.once('connect', () => {
      const { stream } = this.connection;
      if (stream instanceof Socket) stream.setTimeout(silentAtMostMs, () => stream.destroy());
    });
  }
}

interface SteadyClientConfig extends ClientConfig {
  /**
   * The connection is dropped after this long without a byte. A mere query timeout would return the connection to its
   * pool, where the next query would wait for the same answer.
   */
  readonly silentAtMostMs?: number;
  /** Called whenever the server reports a full disk, also when it crashes because of it. */
  readonly onDiskFull?: OnDiskFull;
}

/** Called with the server's error. */
export type OnDiskFull = (error: unknown) => void;

/**
 * Configuration for every pool of connections to the store's database: a lost connection does not end the process, and
 * no query waits longer than this for a database that is stopped.
 */
export function poolConfig(
  answerWithinMs: number,
  onDiskFull: OnDiskFull = () => {},
): PoolConfig & Pick<SteadyClientConfig, 'silentAtMostMs' | 'onDiskFull'> {
  return {
    Client: SteadyClient,
    onDiskFull,
    connectionTimeoutMillis: Math.min(CONNECT_WITHIN_MS, answerWithinMs),
    silentAtMostMs: answerWithinMs,
    // An idle connection is closed before its silence could be mistaken for a fault.
    idleTimeoutMillis: Math.min(IDLE_MS, answerWithinMs / 2),
  };
}

/** A connected client; onEnd is called once when the connection is lost or ended. */
export async function connectClient(config: SteadyClientConfig, onEnd: () => void): Promise<Client> {
  const client = new SteadyClient(config);
  client.once('end', onEnd);
  await client.connect();
  return client;
}
