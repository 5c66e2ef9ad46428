import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keys that were minted for mesh nodes. They tell a node's owner, and which keys and nodes to remove when the owner
 * ends.
 */
export class MeshKeys1763900300000 implements MigrationInterface {
  readonly name = 'MeshKeys1763900300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE mesh_keys (
        id uuid PRIMARY KEY,
        api text NOT NULL,
        key_id text NOT NULL,
        owner_kind text NOT NULL CHECK (owner_kind IN ('agent', 'local')),
        owner_id text NOT NULL,
        owner_nkey text NOT NULL,
        host_name text NOT NULL,
        minted_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        settled_at timestamptz(3),
        removed_at timestamptz(3)
      )`);
    await runner.query('CREATE INDEX mesh_keys_by_owner ON mesh_keys (owner_kind, owner_id)');
    await runner.query('CREATE INDEX mesh_keys_not_removed ON mesh_keys (api) WHERE removed_at IS NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE mesh_keys');
  }
}
