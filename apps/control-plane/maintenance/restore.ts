import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Client } from 'pg';
import { CodedError } from '#libs/contracts/errors.js';
import { copyIn } from '#libs/event-store/copy-in.js';
import { verifyLogOf } from '#libs/event-store/verify-log.js';
import { type ProgramCommand } from '#libs/program/command-line.js';
import { makeFolder, writeForFolderOwner } from '#libs/program/folder-owner.js';
import { RELEASE } from '#libs/program/release.js';
import { migrate } from '#migrations/index.js';
import { requirePostgres } from '../foundation/database-fault.js';
import { unknownMigrations } from './backup-check.js';
import { BackupDamagedError, type BackupHeader, type CheckedBackup, checkBackup, readTables } from './backup-file.js';
import { withDatabase } from './database.js';
import { CONFIG_OPTION, CONFIG_USAGE, needSetting, settingsOf } from './environment.js';
import { advanceSequences, empty, hasEvents, quoted } from './tables.js';

/** The database already has a record, and a restore would mix the two. */
export class DatabaseNotEmptyError extends CodedError {}

/** A newer release made the backup. */
export class BackupNewerError extends CodedError {}

export const restore: ProgramCommand = {
  summary: 'Put a backup into an empty database, and its keys where there are none',
  usage: `FILE [options]

  ${CONFIG_USAGE}

The control plane must not run on that database meanwhile. What was written after the backup was made is not in it.`,
  options: CONFIG_OPTION,
  arguments: 1,
  async run(given, environment) {
    const settings = settingsOf(given, environment);
    const databaseUrl = needSetting(settings, 'GLOBALSTACKS_DATABASE_URL');
    const keysFolder = needSetting(settings, 'GLOBALSTACKS_KEYS_DIR');
    const file = resolve(given.arguments[0] ?? '');
    const { header, head } = await restoreBackup(databaseUrl, file);
    const keys = restoreKeys(keysFolder, header);
    process.stdout.write(`restored up to event ${head.position}, as of ${header.madeAt}; its chain is whole
keys: ${keys}
next: start the control plane, then: gstacks network list
      Where that shows EPOCH_REGRESSED, agents hold versions written after the backup. A new epoch discards them; the
      command shows what would change, and asks first: gstacks admin new-epoch
`);
    return 0;
  },
};

/**
 * All or nothing: the file is checked to its end first, and the log's hash chain is verified before the rows are
 * committed. Errors: BackupDamagedError, BackupFileError, BackupNewerError, DatabaseNotEmptyError,
 * DatabaseUnusableError.
 */
export async function restoreBackup(databaseUrl: string, file: string): Promise<CheckedBackup> {
  const checked = await checkBackup(file);
  const { header, head } = checked;
  const unknown = unknownMigrations(header);
  if (unknown.length > 0) {
    throw new BackupNewerError(
      'BACKUP_NEWER',
      `${file} was made by release ${header.release}, which is newer than ${RELEASE}: ${unknown.join(', ')}`,
      `install release ${header.release} or newer`,
    );
  }
  return withDatabase(databaseUrl, 'globalstacks restore', async (client) => {
    await requirePostgres(client);
    await refuseRecord(client);
    await migrate(databaseUrl, header.migrations);
    // Without the COMMIT, the server rolls everything back when the connection ends.
    await client.query('BEGIN');
    await refuseRecord(client);
    await readTables(file, {
      begin: ({ table }) => empty(client, table),
      rows: async ({ table, columns }, text) => {
        await copyIn(client, `COPY ${quoted(table)} (${columns.map(quoted).join(', ')}) FROM STDIN`, [text]);
      },
    });
    await advanceSequences(client);
    const found = await verifyLogOf(client, [head]);
    if (found.kind === 'broken') {
      throw new BackupDamagedError(file, `${found.problem} at event ${found.position}: ${found.detail}`);
    }
    await client.query('COMMIT');
    return checked;
  });
}

async function refuseRecord(client: Client): Promise<void> {
  if (!(await hasEvents(client))) return;
  throw new DatabaseNotEmptyError(
    'DATABASE_NOT_EMPTY',
    'the database of GLOBALSTACKS_DATABASE_URL already has a record',
    'create an empty database and set GLOBALSTACKS_DATABASE_URL to it; keep the old one until you are sure that ' +
      'you no longer need it',
  );
}

/** Keys that are there are as new as those of the backup or newer, so they stay. What was done, in words. */
export function restoreKeys(folder: string, { keys }: BackupHeader): string {
  if (existsSync(folder) && readdirSync(folder).length > 0) return `the keys in ${folder} stay`;
  if (keys === null) return `the backup contains no keys; put the keys of this store into ${folder}`;
  makeFolder(folder);
  for (const [name, text] of Object.entries(keys)) {
    writeForFolderOwner(join(folder, basename(name)), Buffer.from(text, 'base64'));
  }
  return `written into ${folder}`;
}
