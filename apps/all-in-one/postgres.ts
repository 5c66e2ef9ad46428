import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Client, DatabaseError } from 'pg';
import { inheritedVariables } from '#libs/program/inherited-variables.js';
import {
  asPostgresUser,
  type PostgresCommand,
  PostgresUnavailableError,
  postgresBinaries,
  postgresUser,
} from './postgres-binaries.js';
import { endOrphanedPostgres } from './postgres-orphan.js';
import { readOrMakePassword } from './postgres-password.js';

export interface PostgresSettings {
  /** Initialised if it does not exist. */
  readonly dataFolder: string;
  /** It listens on 127.0.0.1 only. */
  readonly port: number;
  /** Contains the password, mode 0600; made if it does not exist. */
  readonly passwordFile: string;
  /** Further `name=value` settings of the server. */
  readonly configuration?: readonly string[];
}

/** A prepared data directory, with what a supervisor needs to start, watch and stop its server. */
export interface PreparedPostgres extends PostgresCommand {
  readonly env: Readonly<Record<string, string>>;
  /** Fast shutdown: open connections are closed. */
  readonly stopSignal: 'SIGINT';
  /** Whether it accepts connections now. Error: PostgresUnavailableError if it never will. */
  readonly isReady: () => Promise<boolean>;
  /** What to do if it cannot run, besides reading its log. */
  readonly remedy: string;
  /** The URL of a database; contains the password. */
  readonly url: (database: string) => string;
}

const SUPERUSER = 'globalstacks';
/** The form in which initdb writes it. */
const VERSION = /^\d+\n$/;
/** SQLSTATE (PostgreSQL manual, appendix A). */
const INVALID_PASSWORD = '28P01';
const ENVIRONMENT = { ...inheritedVariables(['PATH']), LC_ALL: 'C', TZ: 'UTC' };

/**
 * Prepares the data directory: initialises it, and ends a server of a former run. Call it once before the first start,
 * and never while the server runs. Errors: PostgresUnavailableError.
 */
export async function preparePostgres(settings: PostgresSettings): Promise<PreparedPostgres> {
  const binaries = postgresBinaries();
  const { password, isNew } = readOrMakePassword(settings.passwordFile);
  mkdirSync(dirname(settings.dataFolder), { recursive: true });
  const isInitialised = existsSync(join(settings.dataFolder, 'PG_VERSION'));
  if (!isInitialised) {
    refuseOtherFiles(settings.dataFolder);
    await initialise(binaries, settings.dataFolder, password);
  }
  requireVersion(join(settings.dataFolder, 'PG_VERSION'));
  const dataFolder = realpathSync(settings.dataFolder);
  await endOrphanedPostgres(dataFolder);
  if (isInitialised && isNew) await changePassword(binaries, dataFolder, password);
  const configuration = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...(settings.configuration ?? [])];
  const args = ['-D', dataFolder, '-p', String(settings.port), ...configuration.flatMap((setting) => ['-c', setting])];
  const url = (database: string): string =>
    `postgres://${SUPERUSER}:${password}@127.0.0.1:${settings.port}/${database}`;
  return {
    ...asPostgresUser(postgresUser(), [binaries, dirname(dataFolder)], join(binaries, 'postgres'), args),
    env: ENVIRONMENT,
    stopSignal: 'SIGINT',
    remedy: `if files of ${dataFolder} are damaged, restore that folder from a backup`,
    isReady: () => accepts(url('postgres'), settings.passwordFile),
    url,
  };
}

/** Files that may be a database must not be replaced by an empty one. */
function refuseOtherFiles(dataFolder: string): void {
  if (!existsSync(dataFolder) || readdirSync(dataFolder).length === 0) return;
  throw new PostgresUnavailableError(
    'POSTGRES_DATA_INVALID',
    `${join(dataFolder, 'PG_VERSION')} is missing beside other files`,
    'restore the folder from a backup, or move it away to start with an empty database',
  );
}

/** Postgres names a file that it cannot read, but of a wrong version only the folder. */
function requireVersion(file: string): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return;
  }
  if (VERSION.test(text)) return;
  throw new PostgresUnavailableError(
    'POSTGRES_DATA_INVALID',
    `${file} ${text === '' ? 'is empty' : 'does not hold a version of Postgres'}`,
    'restore the folder from a backup, or move it away to start with an empty database',
  );
}

async function initialise(binaries: string, dataFolder: string, password: string): Promise<void> {
  const user = postgresUser();
  // Under another name until it is complete, so that an interrupted initialisation is not mistaken for a database.
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

/**
 * Sets another password for a database whose password was lost; the owner of its files may. No server may run on it.
 */
async function changePassword(binaries: string, dataFolder: string, password: string): Promise<void> {
  const args = ['--single', '-D', dataFolder, 'postgres'];
  await run(
    asPostgresUser(postgresUser(), [binaries, dirname(dataFolder)], join(binaries, 'postgres'), args),
    `ALTER ROLE ${SUPERUSER} PASSWORD '${password}'\n`,
  );
}

/** `input` is passed on standard input, because arguments are visible to everybody on the machine. */
async function run({ command, args, user }: PostgresCommand, input = ''): Promise<void> {
  const child = spawn(command, [...args], {
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'pipe'],
    ...user,
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code === 0) return;
  throw new PostgresUnavailableError('POSTGRES_NOT_INITIALISED', `${basename(command)} failed: ${output.trim()}`);
}

/** Error: PostgresUnavailableError if the password belongs to another database. */
async function accepts(url: string, passwordFile: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== INVALID_PASSWORD) return false;
    throw new PostgresUnavailableError(
      'POSTGRES_PASSWORD_INVALID',
      `${passwordFile} does not hold the password of this database`,
      'delete the file: the next start sets another password',
    );
  } finally {
    await client.end().catch(() => {});
  }
}
