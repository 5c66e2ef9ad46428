import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Client } from 'pg';
import type { LogAnchor } from '#libs/audit/chain-walk.js';
import { GENESIS_HASH } from '#libs/audit/hash-chain.js';
import { copyLines } from '#libs/event-store/copy-rows.js';
import { type ProgramCommand } from '#libs/program/command-line.js';
import { RELEASE } from '#libs/program/release.js';
import { backupContents, contentsText } from './backup-check.js';
import { BackupFileError, BackupWriter } from './backup-file.js';
import { withDatabase } from './database.js';
import { CONFIG_OPTION, CONFIG_USAGE, needSetting, settingsOf } from './environment.js';
import { migrationsOf, quoted, tablesOf } from './tables.js';

export const backup: ProgramCommand = {
  summary: 'Write the whole record into one file, while the control plane runs or not',
  usage: `FILE [options]

  --keys         the keys folder as well; the file is then as secret as a key
  --check        make none: read the backup FILE to its end and print what is in it; exit code 1 if it is damaged
  ${CONFIG_USAGE}`,
  options: { keys: { type: 'boolean' }, check: { type: 'boolean' }, ...CONFIG_OPTION },
  arguments: 1,
  async run(given, environment) {
    const file = resolve(given.arguments[0] ?? '');
    if (given.has('check')) {
      process.stdout.write(contentsText(file, await backupContents(file)));
      return 0;
    }
    const settings = settingsOf(given, environment);
    const databaseUrl = needSetting(settings, 'GLOBALSTACKS_DATABASE_URL');
    // The keys record the head of the log, so they are read first: they must not refer to events that the copy lacks.
    const keys = given.has('keys') ? readKeys(needSetting(settings, 'GLOBALSTACKS_KEYS_DIR')) : null;
    const { head, rows } = await writeBackup(databaseUrl, file, keys, new Date());
    process.stdout.write(
      `${file}: ${rows} rows, up to event ${head.position}; keys: ${keys === null ? 'no' : 'yes'}; ` +
        `${statSync(file).size} bytes\n`,
    );
    return 0;
  },
};

type Keys = { readonly [file: string]: string };

/** Writes every table from one snapshot. Errors: DatabaseUnusableError, those of BackupWriter; nothing is left then. */
export async function writeBackup(
  databaseUrl: string,
  file: string,
  keys: Keys | null,
  now: Date,
): Promise<{ readonly head: LogAnchor; readonly rows: number }> {
  return withDatabase(databaseUrl, 'globalstacks backup', async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const header = { release: RELEASE, madeAt: now.toISOString(), migrations: await migrationsOf(client), keys };
    const writer = new BackupWriter(file, header);
    try {
      let rows = 0;
      for (const table of await tablesOf(client)) {
        writer.begin(table);
        await copyLines(
          client,
          `SELECT ${table.columns.map(quoted).join(', ')} FROM ${quoted(table.table)}`,
          (line) => {
            rows += 1;
            writer.row(line);
          },
        );
        writer.endTable();
      }
      const head = await headOf(client);
      await writer.end(head);
      return { head, rows };
    } catch (error) {
      writer.abandon();
      throw error;
    }
  });
}

async function headOf(client: Client): Promise<LogAnchor> {
  const { rows } = await client.query<{ position: string; hash: string }>(
    'SELECT position, hash FROM events ORDER BY position DESC LIMIT 1',
  );
  return { position: Number(rows[0]?.position ?? 0), hash: rows[0]?.hash ?? GENESIS_HASH };
}

/** The files of a keys folder, as a backup holds them. Error: BackupFileError. */
export function readKeys(folder: string): Keys {
  try {
    const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(files.map(({ name }) => [name, readFileSync(join(folder, name)).toString('base64')]));
  } catch (error) {
    throw new BackupFileError(
      'KEYS_UNREADABLE',
      `the keys in ${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'run this as root or as the owner of the folder that GLOBALSTACKS_KEYS_DIR names',
    );
  }
}
