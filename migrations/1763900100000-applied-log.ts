import type { MigrationInterface, QueryRunner } from 'typeorm';
import { refuseChanges } from './1763900000000-event-log.js';

/** What agents acknowledged, kept for ever: answers "applied where, and when". */
export class AppliedLog1763900100000 implements MigrationInterface {
  readonly name = 'AppliedLog1763900100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE applied_log (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        agent_id text NOT NULL,
        network_id text NOT NULL,
        epoch_counter integer NOT NULL,
        epoch_id text NOT NULL,
        from_version integer,
        to_version integer NOT NULL,
        hash text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('applied', 'refused')),
        code text,
        message text,
        flows_cut text[] NOT NULL,
        applied_at timestamptz(3) NOT NULL,
        received_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      )`);
    await runner.query('CREATE INDEX applied_log_by_network ON applied_log (network_id, to_version, agent_id)');
    await refuseChanges(runner, 'applied_log');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE applied_log');
  }
}
