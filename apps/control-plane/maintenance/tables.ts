import type { Client } from 'pg';
import type { BackupTable } from './backup-file.js';

/** Table in which typeorm records the migrations of a database. */
const MIGRATIONS = 'migrations';
/** What is made again from the log. */
const NOT_KEPT = [MIGRATIONS, 'network_checkpoints', 'log_states'];

/** Every table of the record, with the columns that are not computed. */
export async function tablesOf(client: Client): Promise<readonly BackupTable[]> {
  const { rows } = await client.query<BackupTable>(
    `SELECT table_name AS table, array_agg(column_name::text ORDER BY ordinal_position) AS columns
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER' AND table_name <> ALL ($1)
      GROUP BY table_name ORDER BY table_name`,
    [NOT_KEPT],
  );
  return rows;
}

export async function migrationsOf(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${MIGRATIONS} ORDER BY id`);
  return rows.map(({ name }) => name);
}

/** Whether the database has a record with at least one event. */
export async function hasEvents(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>("SELECT to_regclass('public.events') IS NOT NULL AS found");
  if (rows[0]?.found !== true) return false;
  const events = await client.query<{ found: boolean }>('SELECT EXISTS (SELECT FROM events) AS found');
  return events.rows[0]?.found === true;
}

/** Removes rows that a migration wrote; append-only tables are empty then. */
export async function empty(client: Client, table: string): Promise<void> {
  const { rows } = await client.query<{ found: boolean }>(`SELECT EXISTS (SELECT FROM ${quoted(table)}) AS found`);
  if (rows[0]?.found === true) await client.query(`DELETE FROM ${quoted(table)}`);
}

/** Makes sequences continue after the restored values. */
export async function advanceSequences(client: Client): Promise<void> {
  const { rows } = await client.query<{ table_name: string; column_name: string }>(
    `SELECT table_name, column_name FROM information_schema.columns
      WHERE table_schema = 'public' AND is_identity = 'YES'`,
  );
  for (const { table_name: table, column_name: column } of rows) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), max(${quoted(column)})) FROM ${quoted(table)}
        HAVING max(${quoted(column)}) IS NOT NULL`,
      [quoted(table), column],
    );
  }
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
