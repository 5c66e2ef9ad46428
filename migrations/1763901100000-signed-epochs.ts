import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The end of the log at which an epoch began, signed by the control plane that started it (docs/adr/0085). NULL:
 * somebody else wrote the row, or an earlier release.
 */
export class SignedEpochs1763901100000 implements MigrationInterface {
  readonly name = 'SignedEpochs1763901100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE store_epochs ADD COLUMN signed_head text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE store_epochs DROP COLUMN signed_head');
  }
}
