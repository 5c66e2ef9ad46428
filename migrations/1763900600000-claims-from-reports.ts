import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which reports of an inventory are refused now follows from the log, and changes with it. */
export class ClaimsFromReports1763900600000 implements MigrationInterface {
  readonly name = 'ClaimsFromReports1763900600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agent_inventories DROP COLUMN conflicts');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE agent_inventories ADD COLUMN conflicts json NOT NULL DEFAULT '[]'");
  }
}
