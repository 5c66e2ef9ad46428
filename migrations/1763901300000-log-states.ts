import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A state of the whole log, made from it and made again when it is deleted: a start goes on from there. */
export class LogStates1763901300000 implements MigrationInterface {
  readonly name = 'LogStates1763901300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE log_states (
        part integer PRIMARY KEY CHECK (part >= 0),
        parts integer NOT NULL,
        position bigint NOT NULL,
        event_hash text NOT NULL,
        state text NOT NULL,
        signature text NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE log_states');
  }
}
