import type { Client, ClientConfig } from 'pg';
import { rest } from '#libs/async/rest.js';
import { clientConfig, connectClient } from './connection.js';
import { dropClient } from './drop-client.js';
import { ConnectionLostError } from './errors.js';
import { CHANNEL } from './sql.js';

/** The application name of the connection that each control plane keeps open as long as it runs. */
export const LISTENER = 'globalstacks listen';
const FIRST_PAUSE_MS = 100;
/** After a long outage of the database, it listens again within a second. */
const LONGEST_PAUSE_MS = 1_000;
const ALIVE_CHECK_MS = 10_000;
/** How long connections that were not lost can keep a server from shutting down. */
const ENDING_CHECK_MS = 2_000;

/**
 * LISTENs on its own connection and reconnects whenever it is lost. Notifications only shorten waiting; nothing depends
 * on them.
 */
export class NotificationListener {
  private readonly stopping = new AbortController();
  private readonly wakers = new Set<() => void>();
  private running: Promise<void> | null = null;
  private client: Client | null = null;

  constructor(
    private readonly databaseUrl: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Calls wake at each notification and after each reconnect; returns a function that removes it. */
  add(wake: () => void): () => void {
    this.wakers.add(wake);
    this.running ??= this.keepListening();
    return () => this.wakers.delete(wake);
  }

  async close(): Promise<void> {
    this.stopping.abort();
    if (this.client !== null) dropClient(this.client);
    await this.running;
  }

  private async keepListening(): Promise<void> {
    const { signal } = this.stopping;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.listen(() => {
          pauseMs = FIRST_PAUSE_MS;
        });
      } catch (error) {
        if (!signal.aborted) this.onError(new ConnectionLostError(error));
      }
      await rest(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Resolves when the connection is lost. */
  private async listen(onListening: () => void): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const config = { ...clientConfig(this.databaseUrl, LISTENER), query_timeout: ALIVE_CHECK_MS };
    const client = await connectClient(config, ended.resolve);
    this.client = client;
    // A silent loss of the peer is noticed when this query is not answered.
    const aliveCheck = setInterval(() => {
      client.query('SELECT 1').catch(() => dropClient(client));
    }, ALIVE_CHECK_MS);
    const listening = new AbortController();
    void this.checkWhetherItEnds(config, listening.signal);
    try {
      client.on('notification', () => this.wakeAll());
      await client.query(`LISTEN ${CHANNEL}`);
      onListening();
      this.wakeAll();
      if (this.stopping.signal.aborted) dropClient(client);
      await ended.promise;
    } finally {
      clearInterval(aliveCheck);
      listening.abort();
      this.client = null;
      dropClient(client);
    }
  }

  /** A server that is shutting down refuses the connection, upon which all clients release it. */
  private async checkWhetherItEnds(config: ClientConfig, signal: AbortSignal): Promise<void> {
    for (await rest(ENDING_CHECK_MS, signal); !signal.aborted; await rest(ENDING_CHECK_MS, signal)) {
      const probe = await connectClient(config, () => {}).catch(() => null);
      await probe?.end();
    }
  }

  private wakeAll(): void {
    for (const wake of this.wakers) wake();
  }
}
