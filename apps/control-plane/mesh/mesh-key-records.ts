import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, type Repository } from 'typeorm';
import { type MeshNodeOwner, meshHostname } from '#libs/mesh/hostname.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import type { MintedKey } from './control-server/control-server.js';
import { MeshKey } from './mesh-key.entity.js';

/** Records of minted keys: for whom, and what became of them. */
@Injectable()
export class MeshKeyRecords {
  constructor(
    @InjectRepository(MeshKey) private readonly rows: Repository<MeshKey>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async add(api: string, owner: MeshNodeOwner, ownerNkey: string, { id: keyId, expiresAt }: MintedKey): Promise<void> {
    await this.rows.insert({
      id: randomUUID(),
      api,
      keyId,
      ownerKind: owner.kind,
      ownerId: owner.id,
      ownerNkey,
      hostName: meshHostname(owner),
      mintedAt: this.clock(),
      expiresAt,
    });
  }

  /** Keys at this control server of which something may be left. */
  notRemoved(api: string): Promise<MeshKey[]> {
    return this.rows.find({ where: { api, removedAt: IsNull() }, order: { mintedAt: 'ASC' } });
  }

  ofOwner({ kind, id }: MeshNodeOwner): Promise<MeshKey[]> {
    return this.rows.findBy({ ownerKind: kind, ownerId: id });
  }

  async settled(keys: readonly MeshKey[]): Promise<void> {
    await this.mark(keys, { settledAt: this.clock() });
  }

  async removed(keys: readonly MeshKey[]): Promise<void> {
    await this.mark(keys, { removedAt: this.clock() });
  }

  private async mark(keys: readonly MeshKey[], change: { settledAt: Date } | { removedAt: Date }): Promise<void> {
    await this.rows.update({ id: In(keys.map(({ id }) => id)) }, change);
  }
}
