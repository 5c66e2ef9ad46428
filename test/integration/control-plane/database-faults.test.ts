import { readdirSync, readFileSync } from 'node:fs';
import { setInterval } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { poolConfig } from '#libs/event-store/connection.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { migrate } from '#migrations/index.js';
import { CuttingProxy } from '#test/support/cutting-proxy.js';
import { freshDatabase, query, startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';

const KILL_EVERY_MS = 40;
const KILL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;

describe('a connection that Postgres ends in the bytes in which it says that it is ready', () => {
  let databaseUrl: string;
  let proxy: CuttingProxy;

  beforeEach(async () => {
    databaseUrl = await freshDatabase();
    proxy = await CuttingProxy.start(Number(new URL(databaseUrl).port));
    proxy.joinAnswersWithEnd();
  });

  afterEach(() => proxy.close());

  const proxied = () => {
    const url = new URL(databaseUrl);
    url.port = String(proxy.port);
    url.searchParams.set('application_name', 'proxied');
    return url.href;
  };

  /** Ends the client's connection once Postgres has accepted it. */
  const endBackend = () =>
    waitFor('a backend is ended', async () => {
      const ended = await query(
        databaseUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = ANY($1) AND state = 'idle'`,
        [['proxied', 'globalstacks read']],
      );
      return ended.length > 0;
    });

  it('fails the read of the log, and nothing else', async () => {
    const store = createEventStore({ databaseUrl: proxied(), onConnectionError: () => {} });
    const read = store.readAll(0, 10).catch((error: unknown) => error);
    await endBackend();
    expect(await read).to.be.instanceOf(Error);
    await store.close();
  });

  it('fails the query of the read model, and nothing else', async () => {
    const source = new DataSource({ type: 'postgres', driver: pg, url: databaseUrl, extra: poolConfig(5_000) });
    await source.initialize();
    const pool = (source.driver as { readonly master?: pg.Pool }).master;
    if (pool === undefined) throw new Error('the driver has no pool');
    Object.assign(pool.options, { connectionString: proxied() });
    // The connection that initialize opened is in use, so that the next query opens one through the proxy.
    const busy = await pool.connect();
    const asked = source.query('SELECT 1').catch((error: unknown) => error);
    await endBackend();
    expect(await asked).to.be.instanceOf(Error);
    busy.release();
    await source.destroy();
  });
});

describe('a control plane whose Postgres', () => {
  let controlPlane: TestControlPlane;
  let postgres: TestPostgres;
  let database: string;
  let rules = 0;

  before(async () => {
    postgres = await startTestPostgres();
    await query(postgres.url('postgres'), 'CREATE DATABASE faults');
    database = postgres.url('faults');
    await migrate(database);
    controlPlane = await TestControlPlane.start({
      GLOBALSTACKS_DATABASE_URL: database,
      GLOBALSTACKS_STORE_TIMEOUT_SECONDS: '2',
    });
    await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-api',
      alias: 'api',
      ports: ['8080'],
    });
  });

  after(async () => {
    await controlPlane.end();
    await postgres.stop();
  });

  function addRule() {
    rules += 1;
    const body = { effect: 'deny', from: 'any', to: 'api', port: 10_000 + rules };
    return controlPlane.call('POST', '/v1/networks/dev/rules', body);
  }

  /** Every route that reads, with names in place of its parameters. */
  async function readRoutes(): Promise<readonly string[]> {
    const { body } = await controlPlane.call('GET', '/v1/openapi.json');
    const paths = Object.entries(body.paths as Record<string, Record<string, unknown>>);
    return paths.flatMap(([path, methods]) => ('get' in methods ? [path.replaceAll(/\{\w+\}/g, 'dev')] : []));
  }

  it('loses every connection each 40 ms goes on, and answers with what is known', async () => {
    const killer = new pg.Client({ connectionString: postgres.url('postgres') });
    await killer.connect();
    let killing = true;
    let kills = 0;
    const kill = async (): Promise<void> => {
      for await (const _ of setInterval(KILL_EVERY_MS)) {
        if (!killing) return;
        await killer.query(KILL);
        kills += 1;
      }
    };
    const seen = new Set<string>();
    const ask = async (asked: () => ReturnType<typeof addRule>): Promise<void> => {
      while (killing) {
        const { status, body } = await asked();
        seen.add(status < 300 ? 'done' : `${status} ${body.code}`);
      }
    };
    const load = [
      kill(),
      ask(addRule),
      ...Array.from({ length: 4 }, () => ask(() => controlPlane.call('GET', '/v1/tokens'))),
    ];
    await waitFor(
      'both ends of it are seen',
      () => kills >= 40 && seen.has('done') && seen.has('503 STORE_UNAVAILABLE'),
    );
    killing = false;
    await Promise.all(load);
    await killer.end();
    const known = ['done', '503 STORE_UNAVAILABLE', '504 WRITE_OUTCOME_UNKNOWN'];
    expect([...seen].filter((answer) => !known.includes(answer))).to.deep.equal([]);
    expect((await addRule()).status).to.equal(201);
  });

  it('is stopped answers every request within the time that is set, also those that wait for one another', async () => {
    const routes = await readRoutes();
    const stopped = processesOf(postgres.pid());
    const begun = performance.now();
    // In progress when it stops: all of them write to one stream, so each waits for the one before.
    const waiting = Array.from({ length: 8 }, () => addRule());
    await stopProcesses(...stopped);
    try {
      const asked = [...waiting, ...routes.map((route) => controlPlane.call('GET', route)), addRule()];
      const answers = await Promise.all(asked);
      expect(performance.now() - begun).to.be.lessThan(3_500);
      for (const { status, body } of answers.slice(waiting.length)) {
        expect([status, body.code]).to.deep.equal([503, 'STORE_UNAVAILABLE']);
      }
      for (const { status, body, headers } of answers.slice(0, waiting.length)) {
        if (status === 201) continue;
        expect([503, 504]).to.include(status);
        expect(headers.get('retry-after')).to.equal('1');
        if (status === 504) expect(body.remedy).to.match(/Idempotency-Key [\w-]{36}/);
      }
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
    }
    await waitFor('a command is taken again', async () => (await addRule()).status === 201);
  });
});

/** The server and all its children. */
function processesOf(server: number): readonly number[] {
  const isOurs = (pid: string): boolean => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === server;
    } catch {
      return false;
    }
  };
  const forked = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isOurs(entry));
  return [server, ...forked.map(Number)];
}
