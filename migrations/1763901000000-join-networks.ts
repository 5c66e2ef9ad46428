import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Names of the networks that a token may join; NULL: according to its role. */
export class JoinNetworks1763901000000 implements MigrationInterface {
  readonly name = 'JoinNetworks1763901000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_tokens
        ADD COLUMN join_networks text[],
        ADD CONSTRAINT api_tokens_join_networks_check
          CHECK (join_networks IS NULL OR (role IN ('viewer', 'joiner') AND cardinality(join_networks) > 0))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_tokens DROP COLUMN join_networks');
  }
}
