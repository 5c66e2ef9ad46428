import { Pool, type PoolClient } from 'pg';
import { clientConfig, poolConfig, RAW_TEXT } from './connection.js';
import { copyRows } from './copy-rows.js';
import { ConnectionLostError } from './errors.js';
import { parseEventRow } from './event-row.js';
import type { CommandRow, StoredEvent, UniqueClaim } from './event-store.js';
import { EVENT_COLUMNS } from './sql.js';

const MAX_CONNECTIONS = 4;

/** Reads of the log. Errors: the database's. */
export class EventReader {
  private readonly pool: Pool;
  private closed = false;

  constructor(databaseUrl: string, answerWithinMs: number, onError: (error: unknown) => void) {
    this.pool = new Pool({
      ...clientConfig(databaseUrl, 'globalstacks read'),
      ...poolConfig(answerWithinMs),
      types: RAW_TEXT,
      max: MAX_CONNECTIONS,
    });
    // pg's error refers to its whole client, so only its message is passed on.
    this.pool.on('error', (error) => {
      if (!this.closed) onError(new ConnectionLostError(error));
    });
  }

  async stream(streamId: string, afterVersion: number, upToVersion: number): Promise<readonly StoredEvent[]> {
    const { rows } = await this.pool.query<(string | null)[]>({
      name: 'read-stream',
      text: `SELECT ${EVENT_COLUMNS} FROM events
        WHERE stream_id = $1 AND stream_version > $2 AND stream_version <= $3 ORDER BY stream_version`,
      values: [streamId, afterVersion, upToVersion],
      rowMode: 'array',
    });
    return rows.map(parseEventRow);
  }

  async versions(streamId: string, versions: readonly number[]): Promise<readonly StoredEvent[]> {
    const { rows } = await this.pool.query<(string | null)[]>({
      text: `SELECT ${EVENT_COLUMNS} FROM events
        WHERE stream_id = $1 AND stream_version = ANY ($2::bigint[]) ORDER BY stream_version`,
      values: [streamId, versions],
      rowMode: 'array',
    });
    return rows.map(parseEventRow);
  }

  async streamVersion(streamId: string): Promise<number> {
    const { rows } = await this.pool.query<{ version: string | null }>(
      'SELECT max(stream_version) AS version FROM events WHERE stream_id = $1',
      [streamId],
    );
    return Number(rows[0]?.version ?? 0);
  }

  async streamVersionAt(streamId: string, at: Date): Promise<number> {
    // A later event of a stream never has an earlier time, so few of a long one have to be looked at.
    let [before, after] = [0, (await this.streamVersion(streamId)) + 1];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      const { rows } = await this.pool.query<{ version: string }>(
        `SELECT stream_version AS version FROM events
          WHERE stream_id = $1 AND stream_version = $2 AND recorded_at <= $3`,
        [streamId, middle, at],
      );
      if (rows.length > 0) before = middle;
      else after = middle;
    }
    return before;
  }

  async all(after: number, limit: number): Promise<readonly StoredEvent[]> {
    const events: StoredEvent[] = [];
    await this.withClient((client) =>
      copyRows(client, afterPosition(after, limit), (row) => events.push(parseEventRow(row))),
    );
    return events;
  }

  async command(actor: string, commandId: string): Promise<CommandRow | null> {
    const { rows } = await this.pool.query<{ request_hash: string; result: string }>({
      name: 'find-command',
      text: 'SELECT request_hash, result FROM commands WHERE actor = $1 AND command_id = $2',
      values: [actor, commandId],
    });
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
    // The pool ends before its connections are closed; their later errors do not matter.
    this.closed = true;
    await this.pool.end();
  }

  private async withClient(read: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await this.pool.connect();
    try {
      await read(client);
    } catch (error) {
      client.release(true);
      throw error;
    }
    client.release();
  }
}

function afterPosition(after: number, limit: number): string {
  for (const count of [after, limit]) {
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`not a number of events: ${count}`);
  }
  return `SELECT ${EVENT_COLUMNS} FROM events WHERE position > ${after} ORDER BY position LIMIT ${limit}`;
}
