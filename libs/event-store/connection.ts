import { Socket } from 'node:net';
import { Client, type ClientConfig, type PoolConfig } from 'pg';
import { DISK_FULL, sqlState } from './database-errors.js';
import { letGoOfEndingServer } from './ending-server.js';

/** Whatever the server's defaults: times as UTC in ISO form, and a commit that is answered is on disk. */
const SESSION = '-c TimeZone=UTC -c DateStyle=ISO -c synchronous_commit=on';

const CONNECT_WITHIN_MS = 5_000;
const IDLE_MS = 10_000;

/** Raw text of every value, which the reader parses itself: an event's data is hashed as the text stored. */
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
 * A client whose loss never ends the process: it has a listener for errors from its first moment to its last. A pool
 * listens only while it holds the client, and whoever borrows it listens a moment later. Between the two the database
 * may end the connection in the very bytes that say it is ready. Queries under way are rejected all the same.
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
   * After so long without a byte the connection is dropped. A time-out of the query alone would give it back to its
   * pool, where the next query would wait for the same answer once more.
   */
  readonly silentAtMostMs?: number;
  /** Told whenever the server says that it has no room for what it was to write, also when it crashes of that. */
  readonly onDiskFull?: OnDiskFull;
}

/** Called with the server's error. */
export type OnDiskFull = (error: unknown) => void;

/**
 * What every pool of connections to the store's database needs: no connection that is lost ends the process, and no
 * query waits longer than this for a database that is stopped.
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
    // A connection that nobody uses is closed before its silence means anything.
    idleTimeoutMillis: Math.min(IDLE_MS, answerWithinMs / 2),
  };
}

/** A connected client; onEnd is called once, when the connection is lost or ended. */
export async function connectClient(config: SteadyClientConfig, onEnd: () => void): Promise<Client> {
  const client = new SteadyClient(config);
  client.once('end', onEnd);
  await client.connect();
  return client;
}
