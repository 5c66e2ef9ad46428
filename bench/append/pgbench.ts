import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const DEBIAN_VERSIONS = '/usr/lib/postgresql';

/** From PATH, or where Debian's postgresql-contrib installs it; null if it is not installed. */
export function findPgbench(): string | null {
  const debian = existsSync(DEBIAN_VERSIONS)
    ? readdirSync(DEBIAN_VERSIONS).map((version) => join(DEBIAN_VERSIONS, version, 'bin'))
    : [];
  const folders = [...(process.env.PATH ?? '').split(':'), ...debian.reverse()];
  return folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path)) ?? null;
}

/** A table with the log's layout, whose positions come from a sequence when each of 32 connections inserts. */
export const PEER_TABLE = `
  CREATE TABLE IF NOT EXISTS peer_events (LIKE events INCLUDING ALL);
  CREATE SEQUENCE IF NOT EXISTS peer_position;
  ALTER TABLE peer_events ALTER position SET DEFAULT nextval('peer_position')`;

const SCRIPT = `\\set version :version + 1
INSERT INTO peer_events (stream_id, stream_version, type, schema_version, data, metadata, actor, command_id, \
correlation_id, causation_id, recorded_at, previous_hash, hash) \
VALUES ('network-' || :run || '-' || :client_id, :version, 'AliasPublished', 1, \
'{"alias":"api","sandboxId":"sbx-api","ports":[{"published":8080,"target":8080}]}', '{}', 'bench', \
gen_random_uuid()::text, gen_random_uuid()::text, NULL, clock_timestamp(), repeat('0', 64), repeat('0', 64));
`;

/** Transactions of one event each, per second, on 32 connections. */
export async function pgbenchRate(
  pgbench: string,
  folder: string,
  databaseUrl: string,
  seconds: number,
): Promise<number> {
  const script = join(folder, 'append.sql');
  writeFileSync(script, SCRIPT);
  const options = [
    '-n',
    '-M',
    'prepared',
    '-c',
    '32',
    '-j',
    '2',
    '-T',
    String(seconds),
    '-f',
    script,
    '-D',
    'version=0',
    '-D',
    `run=${Date.now()}`,
  ];
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  // The password goes by the environment, because a process list shows arguments.
  const env = { PATH: process.env.PATH ?? '', PGPASSWORD: password };
  const { stdout } = await promisify(execFile)(
    pgbench,
    [...options, '-h', hostname, '-p', port, '-U', username, pathname.slice(1)],
    { env },
  );
  const rate = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (rate === undefined) throw new Error(`pgbench printed no rate: ${stdout}`);
  return Number(rate);
}
