import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signing in to the console: hashes of one-time codes and sessions, both deleted with their token. */
export class ConsoleSessions1763900700000 implements MigrationInterface {
  readonly name = 'ConsoleSessions1763900700000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_tokens
        DROP CONSTRAINT api_tokens_role_check,
        ADD CONSTRAINT api_tokens_role_check CHECK (role IN ('viewer', 'joiner', 'operator', 'admin')),
        ADD COLUMN last_used_at timestamptz(3)`);
    await runner.query(`
      CREATE TABLE sign_in_codes (
        code_hash text PRIMARY KEY,
        token_id text NOT NULL REFERENCES api_tokens ON DELETE CASCADE,
        created_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        used_at timestamptz(3)
      )`);
    await runner.query(`
      CREATE TABLE console_sessions (
        id text PRIMARY KEY,
        session_hash text NOT NULL UNIQUE,
        token_id text NOT NULL REFERENCES api_tokens ON DELETE CASCADE,
        client text NOT NULL,
        created_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        last_used_at timestamptz(3) NOT NULL
      )`);
    await runner.query('CREATE INDEX console_sessions_token ON console_sessions (token_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE console_sessions, sign_in_codes');
    await runner.query(`
      ALTER TABLE api_tokens
        DROP COLUMN last_used_at,
        DROP CONSTRAINT api_tokens_role_check,
        ADD CONSTRAINT api_tokens_role_check CHECK (role IN ('viewer', 'operator', 'admin'))`);
  }
}
