import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Role } from '#libs/contracts/roles.js';

@Entity('api_tokens')
export class ApiToken {
  @PrimaryColumn('text')
  readonly id!: string;

  @Column('text', { name: 'user_name' })
  readonly user!: string;

  @Column('text')
  readonly role!: Role;

  /** Names of the networks that it may join; null: as the role allows. */
  @Column('text', { name: 'join_networks', array: true, nullable: true })
  readonly joinNetworks!: readonly string[] | null;

  /** SHA-256 of the token, hexadecimal. The token has 256 random bits, so a slow hash is not needed. */
  @Column('text', { name: 'token_hash' })
  readonly tokenHash!: string;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  readonly expiresAt!: Date | null;

  /** With a precision of a minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  readonly lastUsedAt!: Date | null;
}
