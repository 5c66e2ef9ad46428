import { Pool } from 'pg';
import { clientConfig, RAW_TEXT } from './connection.js';
import { type EventRowText, parseEventRow } from './event-row.js';
import type { CommandRow, StoredEvent, UniqueClaim } from './event-store.js';
import { EVENT_COLUMNS } from './sql.js';

const MAX_CONNECTIONS = 4;

/** Reads of the log. Errors: the database's. */
export class EventReader {
  private readonly pool: Pool;

  constructor(databaseUrl: string, onError: (error: unknown) => void) {
    this.pool = new Pool({
      ...clientConfig(databaseUrl, 'globalstacks read'),
      types: RAW_TEXT,
      max: MAX_CONNECTIONS,
      query_timeout: 30_000,
    });
    this.pool.on('error', onError);
  }

  async stream(streamId: string, afterVersion: number): Promise<readonly StoredEvent[]> {
    return this.events(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE stream_id = $1 AND stream_version > $2 ORDER BY stream_version`,
      [streamId, afterVersion],
    );
  }

  async all(after: number, limit: number): Promise<readonly StoredEvent[]> {
    return this.events(`SELECT ${EVENT_COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT $2`, [
      after,
      limit,
    ]);
  }

  async command(actor: string, commandId: string): Promise<CommandRow | null> {
    const { rows } = await this.pool.query<{ request_hash: string; result: string }>(
      'SELECT request_hash, result FROM commands WHERE actor = $1 AND command_id = $2',
      [actor, commandId],
    );
    const row = rows[0];
    return row === undefined ? null : { requestHash: row.request_hash, result: JSON.parse(row.result) };
  }

  async claim({ scope, value }: UniqueClaim): Promise<string | null> {
    const { rows } = await this.pool.query<{ stream_id: string }>(
      'SELECT stream_id FROM unique_claims WHERE scope = $1 AND value = $2',
      [scope, value],
    );
    return rows[0]?.stream_id ?? null;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async events(text: string, values: readonly unknown[]): Promise<readonly StoredEvent[]> {
    const { rows } = await this.pool.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' });
    return rows.map((row: EventRowText) => parseEventRow(row));
  }
}
