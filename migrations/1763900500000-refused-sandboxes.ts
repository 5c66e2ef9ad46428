import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an agent's driver refuses as a sandbox, beside the sandboxes that it has. */
export class RefusedSandboxes1763900500000 implements MigrationInterface {
  readonly name = 'RefusedSandboxes1763900500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE agent_inventories ADD COLUMN refused json NOT NULL DEFAULT '[]'");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agent_inventories DROP COLUMN refused');
  }
}
