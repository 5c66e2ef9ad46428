import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * States of networks at some of their versions, made from the log and made again when they are deleted: a question
 * about the past goes on from the last one before it. Acknowledgements are found by agent and version.
 */
export class NetworkCheckpoints1763901200000 implements MigrationInterface {
  readonly name = 'NetworkCheckpoints1763901200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE network_checkpoints (
        network_id text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        event_hash text NOT NULL,
        state text NOT NULL,
        signature text NOT NULL,
        PRIMARY KEY (network_id, version)
      )`);
    await runner.query('CREATE INDEX applied_log_by_agent ON applied_log (network_id, agent_id, to_version, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX applied_log_by_agent');
    await runner.query('DROP TABLE network_checkpoints');
  }
}
