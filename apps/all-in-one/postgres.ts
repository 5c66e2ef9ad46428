import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { inheritedVariables } from '#libs/program/inherited-variables.js';
import {
  asPostgresUser,
  type PostgresCommand,
  PostgresUnavailableError,
  postgresBinaries,
  postgresUser,
} from './postgres-binaries.js';
import { endOrphanedPostgres } from './postgres-orphan.js';

export interface PostgresSettings {
  /** Made, and initialised once, when it is not there. */
  readonly dataFolder: string;
  /** Listens on 127.0.0.1 alone. */
  readonly port: number;
  /** Holds the password, 0600; made when it is not there. */
  readonly passwordFile: string;
  /** Further `name=value` of the server's configuration. */
  readonly configuration?: readonly string[];
}

/** A prepared data directory: what a supervisor needs to start, watch and stop its server. */
export interface PreparedPostgres extends PostgresCommand {
  readonly env: Readonly<Record<string, string>>;
  /** Fast shutdown: open connections are ended. */
  readonly stopSignal: 'SIGINT';
  /** Whether it takes connections now. */
  readonly isReady: () => Promise<boolean>;
  /** The URL of a database; holds the password. */
  readonly url: (database: string) => string;
}

const SUPERUSER = 'globalstacks';
const ENVIRONMENT = { ...inheritedVariables(['PATH']), LC_ALL: 'C', TZ: 'UTC' };

/**
 * Makes the data directory ready to be served: initialised, with no server of a former run on it. To be called once
 * before the first start, and never while the server runs. Errors: PostgresUnavailableError.
 */
export async function preparePostgres(settings: PostgresSettings): Promise<PreparedPostgres> {
  const binaries = postgresBinaries();
  const password = readOrMakePassword(settings.passwordFile);
  mkdirSync(dirname(settings.dataFolder), { recursive: true });
  if (!existsSync(join(settings.dataFolder, 'PG_VERSION'))) await initialise(binaries, settings.dataFolder, password);
  const dataFolder = realpathSync(settings.dataFolder);
  await endOrphanedPostgres(dataFolder);
  const configuration = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...(settings.configuration ?? [])];
  const args = ['-D', dataFolder, '-p', String(settings.port), ...configuration.flatMap((setting) => ['-c', setting])];
  const url = (database: string): string =>
    `postgres://${SUPERUSER}:${password}@127.0.0.1:${settings.port}/${database}`;
  return {
    ...asPostgresUser(postgresUser(), [binaries, dirname(dataFolder)], join(binaries, 'postgres'), args),
    env: ENVIRONMENT,
    stopSignal: 'SIGINT',
    isReady: () => accepts(url('postgres')),
    url,
  };
}

async function initialise(binaries: string, dataFolder: string, password: string): Promise<void> {
  const user = postgresUser();
  // Under another name until it is complete, so that an interrupted one is not taken for a database.
  const unfinished = `${dataFolder}.new`;
  const passwordCopy = `${dataFolder}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  try {
    writeFileSync(passwordCopy, password, { mode: 0o600 });
    if (user !== null) for (const path of [unfinished, passwordCopy]) chownSync(path, user.uid, user.gid);
    await run(
      asPostgresUser(user, [binaries, dirname(dataFolder)], join(binaries, 'initdb'), [
        `--pgdata=${unfinished}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordCopy}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-instructions',
      ]),
    );
  } finally {
    rmSync(passwordCopy, { force: true });
  }
  renameSync(unfinished, dataFolder);
}

async function run({ command, args, user }: PostgresCommand): Promise<void> {
  const child = spawn(command, [...args], {
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new PostgresUnavailableError('POSTGRES_NOT_INITIALISED', `initdb failed: ${output.trim()}`);
}

function readOrMakePassword(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  }
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}

async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
