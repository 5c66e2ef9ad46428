import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AgentId } from '#libs/contracts/ids.js';

@Entity('enrollment_tokens')
export class EnrollmentToken {
  /** SHA-256 of the token, hexadecimal. */
  @PrimaryColumn('text', { name: 'token_hash' })
  readonly tokenHash!: string;

  @Column('text', { name: 'agent_id' })
  readonly agentId!: AgentId;

  @Column('text', { name: 'created_by' })
  readonly createdBy!: string;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  readonly expiresAt!: Date;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  readonly usedAt!: Date | null;

  /** The key that spent it. The same key may repeat its request if the answer was lost. */
  @Column('text', { name: 'used_nkey', nullable: true })
  readonly usedNkey!: string | null;
}
