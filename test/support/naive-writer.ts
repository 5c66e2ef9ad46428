import { Client } from 'pg';
import { APPEND_LOCK } from '#libs/event-store/sql.js';
import { query } from './postgres.js';

/** Draws positions as is usual for tables: from a sequence, at the insert and not at the commit. */
export async function drawPositionsFromSequence(databaseUrl: string): Promise<void> {
  await query(databaseUrl, 'CREATE SEQUENCE naive_position');
  await query(databaseUrl, `ALTER TABLE events ALTER position SET DEFAULT nextval('naive_position')`);
}

export const INSERT_UNHASHED = `
  INSERT INTO events (stream_id, stream_version, type, schema_version, data, metadata, actor, command_id,
    correlation_id, recorded_at, previous_hash, hash)
  VALUES ($1, 1, 'Happened', 1, '{}', '{}', 'naive', $1, $1, clock_timestamp(), '', '')`;

/** A separate transaction, held open between insert and commit. */
export class NaiveWriter {
  private constructor(private readonly client: Client) {}

  static async begin(databaseUrl: string): Promise<NaiveWriter> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('BEGIN');
    return new NaiveWriter(client);
  }

  async insert(streamId: string): Promise<void> {
    await this.client.query(INSERT_UNHASHED, [streamId]);
  }

  /** Not naive any more: takes the lock that every append takes. */
  async lock(): Promise<void> {
    await this.client.query('SELECT pg_advisory_xact_lock($1)', [APPEND_LOCK]);
  }

  async commit(): Promise<void> {
    await this.client.query('COMMIT');
    await this.client.end();
  }
}
