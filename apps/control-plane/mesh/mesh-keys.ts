import { Inject, Injectable } from '@nestjs/common';
import type { MeshKeyDto } from '#libs/contracts/http/mesh.js';
import { type MeshNodeOwner, meshHostname } from '#libs/mesh/hostname.js';
import { apiName, joinableMesh } from '../foundation/mesh-settings.js';
import { CLOCK, type Clock, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { ControlServerAccess } from './control-server-access.js';
import { MeshKeyRecords } from './mesh-key-records.js';
import { MeshKeyUpkeep } from './mesh-key-upkeep.js';

/** Tags of keys that belong to no user. */
export const MESH_TAGS = { agent: 'tag:gstacks-agent', local: 'tag:gstacks-local' } as const;

/** Keys for nodes that are about to join the mesh: the operator's pre-created key, or a new one for this node only. */
@Injectable()
export class MeshKeys {
  constructor(
    private readonly access: ControlServerAccess,
    private readonly records: MeshKeyRecords,
    private readonly upkeep: MeshKeyUpkeep,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * `nkey` is the owner's key, with which it authenticated. Errors: MeshNotConfiguredError, MeshKeySourceMissingError,
   * MeshApiError.
   */
  async issue(owner: MeshNodeOwner, nkey: string): Promise<MeshKeyDto> {
    const { controlUrl, keySource } = joinableMesh(this.settings.mesh);
    if (keySource.kind === 'pre-created') {
      return { controlUrl, authKey: keySource.authKey.reveal(), expiresAt: null };
    }
    const server = await this.access.open(keySource.minting);
    const minted = await server.mint({
      isEphemeral: owner.kind === 'local',
      expiresAt: new Date(this.clock().getTime() + this.settings.meshKeySeconds * 1_000),
      tag: MESH_TAGS[owner.kind],
      description: meshHostname(owner),
    });
    // Recorded before it is handed out, so that whatever joins with it can be found.
    await this.records.add(apiName(keySource.minting), owner, nkey, minted).catch(async (error: unknown) => {
      await server.expireKey(minted.id).catch(() => {});
      throw error;
    });
    this.upkeep.minted();
    return { controlUrl, authKey: minted.key.reveal(), expiresAt: minted.expiresAt.toISOString() };
  }
}
