import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MeshNodeOwner } from '#libs/mesh/hostname.js';

/** A key that was minted for one node. The key itself is not stored: only its owner got it. */
@Entity('mesh_keys')
export class MeshKey {
  @PrimaryColumn('uuid')
  readonly id!: string;

  /** The control server of `keyId`: another one may use the same ids for other keys. */
  @Column('text')
  readonly api!: string;

  @Column('text', { name: 'key_id' })
  readonly keyId!: string;

  @Column('text', { name: 'owner_kind' })
  readonly ownerKind!: MeshNodeOwner['kind'];

  @Column('text', { name: 'owner_id' })
  readonly ownerId!: string;

  /** Distinguishes the owner from others who took the same name later. */
  @Column('text', { name: 'owner_nkey' })
  readonly ownerNkey!: string;

  @Column('text', { name: 'host_name' })
  readonly hostName!: string;

  @Column('timestamptz', { name: 'minted_at' })
  readonly mintedAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  readonly expiresAt!: Date;

  /** Since then no node can join with it: one has, or the key was expired. */
  @Column('timestamptz', { name: 'settled_at', nullable: true })
  readonly settledAt!: Date | null;

  /** Since then nothing is left of it at the control server. */
  @Column('timestamptz', { name: 'removed_at', nullable: true })
  readonly removedAt!: Date | null;
}
