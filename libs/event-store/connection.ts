import { Socket } from 'node:net';
import { Client, type ClientConfig, type PoolConfig } from 'pg';

/** Whatever the server's defaults: times as UTC in ISO form, and a commit that is answered is on disk. */
const SESSION = '-c TimeZone=UTC -c DateStyle=ISO -c synchronous_commit=on';

const CONNECT_WITHIN_MS = 5_000;
const IDLE_MS = 10_000;
/** SQLSTATE of PostgreSQL, appendix A. */
const DISK_FULL = '53100';

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

/**
 * Whether the database refused a statement for want of room on its disk (53100). Nothing was written then. A server
 * that has no room for its own journal crashes instead (PANIC), and what it wrote is not known.
 */
export function isDiskFull(error: unknown): boolean {
  return sqlState(error) === DISK_FULL && error instanceof Error && 'severity' in error && error.severity === 'ERROR';
}

/** The five characters of SQLSTATE; null for an error that is not the server's. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  return 'severity' in error && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}
