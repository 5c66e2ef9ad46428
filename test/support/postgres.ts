import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'mocha';
import { Client } from 'pg';
import { type RunningPostgres, startPostgres } from '#apps/all-in-one/running-postgres.js';
import { migrate } from '#migrations/index.js';
import { freePort } from './ports.js';

/** A server for one test, which may kill and restart it at will. */
export interface TestPostgres extends RunningPostgres {
  readonly folder: string;
}

/** `stop` ends it and removes its folder. */
export async function startTestPostgres(
  configuration: readonly string[] = [],
  folder = mkdtempSync(join(tmpdir(), 'gs-postgres-')),
): Promise<TestPostgres> {
  chmodSync(folder, 0o755);
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    passwordFile: join(folder, 'password'),
    port: await freePort(),
    // The kernel keeps what a killed server wrote; only a power loss needs fsync.
    configuration: ['fsync=off', 'max_connections=200', ...configuration],
  });
  return {
    ...server,
    folder,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const TEMPLATE = 'migrated';
let shared: Promise<TestPostgres> | null = null;

/** The URL of a new database with every migration applied, on one server for all tests of the run. */
export function freshDatabase(): Promise<string> {
  return copyOf(TEMPLATE);
}

/** Like freshDatabase, without migrations. */
export function emptyDatabase(): Promise<string> {
  return copyOf('template1');
}

async function copyOf(template: string): Promise<string> {
  shared ??= startShared();
  const server = await shared;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await query(server.url('postgres'), `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return server.url(name);
}

/** One statement, or several without parameters, on a separate connection. */
export async function query(
  databaseUrl: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

async function startShared(): Promise<TestPostgres> {
  const server = await startTestPostgres();
  await query(server.url('postgres'), `CREATE DATABASE ${TEMPLATE}`);
  await migrate(server.url(TEMPLATE));
  return server;
}

// Registered on mocha's root suite, because this file is loaded before any suite runs.
after('stop Postgres', async () => {
  if (shared !== null) await (await shared).stop();
});
