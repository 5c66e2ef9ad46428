import { migrationNames } from '#migrations/index.js';
import { type BackupHeader, type CheckedBackup, checkBackup, readTables } from './backup-file.js';

/** What a backup file holds. */
export interface BackupContents extends CheckedBackup {
  readonly rows: number;
  /** Migrations that this release does not know: only a newer one can restore the file. */
  readonly newerMigrations: readonly string[];
}

/** Reads a backup to its end. Errors: BackupDamagedError, BackupFileError. */
export async function backupContents(file: string): Promise<BackupContents> {
  const checked = await checkBackup(file);
  let rows = 0;
  await readTables(file, {
    begin: async () => {},
    rows: async (_, text) => {
      rows += text.split('\n').length - 1;
    },
  });
  return { ...checked, rows, newerMigrations: unknownMigrations(checked.header) };
}

export function unknownMigrations({ migrations }: BackupHeader): readonly string[] {
  return migrations.filter((name) => !migrationNames.includes(name));
}

export function contentsText(file: string, { header, head, rows, newerMigrations }: BackupContents): string {
  const { release, madeAt, migrations, keys } = header;
  const restore =
    newerMigrations.length === 0
      ? `globalstacks-control-plane restore ${file}`
      : `with release ${release} or newer only: it has ${newerMigrations.join(', ')}`;
  return `${file} is a complete backup
made:     ${madeAt} by release ${release}
schema:   ${migrations.at(-1) ?? 'none'} (${migrations.length} migrations)
log:      up to event ${head.position}, hash ${head.hash}
rows:     ${rows}
keys:     ${keys === null ? 'none: a restore needs a copy of the keys folder' : `${Object.keys(keys).length} files`}
restore:  ${restore}
`;
}
