import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Agents' claims of versions that this store does not have, kept until an operator starts a higher epoch; who started
 * each epoch; the protocol that an agent last used; and the keys that this store belongs to.
 */
export class Epochs1763900400000 implements MigrationInterface {
  readonly name = 'Epochs1763900400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE store_epochs ADD COLUMN started_by text NOT NULL DEFAULT 'migration'`);
    await runner.query('ALTER TABLE agent_contacts ADD COLUMN protocol integer NOT NULL DEFAULT 1');
    await runner.query(`
      CREATE TABLE epoch_regressions (
        store_epoch integer NOT NULL,
        network_id text NOT NULL,
        agent_id text NOT NULL,
        network_name text,
        store_version integer NOT NULL,
        epoch_counter integer NOT NULL,
        epoch_id text NOT NULL,
        version integer NOT NULL,
        hash text NOT NULL,
        signature text NOT NULL,
        detail text NOT NULL,
        found_at timestamptz(3) NOT NULL,
        PRIMARY KEY (store_epoch, network_id, agent_id)
      )`);
    await runner.query(`
      CREATE TABLE store_keys (
        purpose text PRIMARY KEY,
        public_key text NOT NULL,
        first_used_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE store_keys, epoch_regressions');
    await runner.query('ALTER TABLE agent_contacts DROP COLUMN protocol');
    await runner.query('ALTER TABLE store_epochs DROP COLUMN started_by');
  }
}
