import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The record: events in one order with one hash chain, the commands that wrote them, and the values that only one
 * stream may hold. Data and metadata are `json`, not `jsonb`, because the text as written is what is hashed.
 */
export class EventLog1763900000000 implements MigrationInterface {
  readonly name = 'EventLog1763900000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% of %: this table is append-only', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
      END $$`);
    await runner.query(`
      CREATE TABLE events (
        position bigint PRIMARY KEY CHECK (position > 0),
        stream_id text NOT NULL,
        stream_version integer NOT NULL CHECK (stream_version > 0),
        type text NOT NULL,
        schema_version integer NOT NULL CHECK (schema_version > 0),
        data json NOT NULL,
        metadata json NOT NULL,
        actor text NOT NULL,
        command_id text NOT NULL,
        correlation_id text NOT NULL,
        causation_id text,
        recorded_at timestamptz(3) NOT NULL,
        previous_hash text NOT NULL,
        hash text NOT NULL,
        UNIQUE (stream_id, stream_version)
      )`);
    await runner.query(`
      CREATE TABLE commands (
        actor text NOT NULL,
        command_id text NOT NULL,
        request_hash text NOT NULL,
        result json NOT NULL,
        stream_id text NOT NULL,
        stream_version integer NOT NULL,
        position bigint NOT NULL,
        event_count integer NOT NULL,
        recorded_at timestamptz(3) NOT NULL,
        PRIMARY KEY (actor, command_id)
      )`);
    await runner.query(`
      CREATE TABLE unique_claims (
        scope text NOT NULL,
        value text NOT NULL,
        stream_id text NOT NULL,
        PRIMARY KEY (scope, value)
      )`);
    for (const table of ['events', 'commands']) await refuseChanges(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE unique_claims, commands, events');
    await runner.query('DROP FUNCTION refuse_change()');
  }
}

/** ALWAYS: the trigger also fires in a session that sets session_replication_role to replica. */
export async function refuseChanges(runner: QueryRunner, table: string): Promise<void> {
  await runner.query(`
    CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
  await runner.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_append_only`);
}
