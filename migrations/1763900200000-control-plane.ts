import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the control plane keeps besides the log: hashes of secrets, its epoch, cursors and agents' last reports. */
export class ControlPlane1763900200000 implements MigrationInterface {
  readonly name = 'ControlPlane1763900200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE applied_log ADD COLUMN alias_failures json NOT NULL DEFAULT '[]'`);
    await runner.query(`
      CREATE TABLE api_tokens (
        id text PRIMARY KEY,
        user_name text NOT NULL,
        role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
        token_hash text NOT NULL UNIQUE,
        created_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3)
      )`);
    await runner.query(`
      CREATE TABLE enrollment_tokens (
        token_hash text PRIMARY KEY,
        agent_id text NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        used_at timestamptz(3),
        used_nkey text
      )`);
    await runner.query(`
      CREATE TABLE store_epochs (
        counter integer PRIMARY KEY CHECK (counter > 0),
        id text NOT NULL UNIQUE,
        started_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      )`);
    await runner.query(`INSERT INTO store_epochs (counter, id) VALUES (1, gen_random_uuid()::text)`);
    await runner.query(`
      CREATE TABLE process_cursors (
        name text PRIMARY KEY,
        position bigint NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE agent_contacts (
        agent_id text PRIMARY KEY,
        boot_id text NOT NULL,
        software_version text NOT NULL,
        driver text NOT NULL,
        mesh json NOT NULL,
        last_contact_at timestamptz(3) NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE agent_inventories (
        agent_id text PRIMARY KEY,
        boot_id text NOT NULL,
        sequence bigint NOT NULL,
        driver text NOT NULL,
        sandboxes json NOT NULL,
        conflicts json NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE agent_inventories, agent_contacts, process_cursors, store_epochs, enrollment_tokens, api_tokens',
    );
    await runner.query('ALTER TABLE applied_log DROP COLUMN alias_failures');
  }
}
