import { Inject, Injectable } from '@nestjs/common';
import type { MeshKeyDto } from '#libs/contracts/http/mesh.js';
import { type MeshNodeOwner, meshHostname } from '#libs/mesh/hostname.js';
import { CLOCK, type Clock, SETTINGS } from '../provided.js';
import type { ControlPlaneSettings } from '../settings.js';
import { ControlServerAccess } from './control-server-access.js';
import { joinableMesh } from './mesh-settings.js';

const TAGS = { agent: 'tag:gstacks-agent', local: 'tag:gstacks-local' } as const;

/** Keys for nodes that are about to join the mesh: the one that an operator made, or a new one for this node alone. */
@Injectable()
export class MeshKeys {
  constructor(
    private readonly access: ControlServerAccess,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Errors: MeshNotConfiguredError, MeshKeySourceMissingError, MeshApiError. */
  async issue(owner: MeshNodeOwner): Promise<MeshKeyDto> {
    const { controlUrl, keySource } = joinableMesh(this.settings.mesh);
    if (keySource.kind === 'pre-created') {
      return { controlUrl, authKey: keySource.authKey.reveal(), expiresAt: null };
    }
    const server = await this.access.open(keySource.minting);
    const minted = await server.mint({
      isEphemeral: owner.kind === 'local',
      expiresAt: new Date(this.clock().getTime() + this.settings.meshKeySeconds * 1_000),
      tag: TAGS[owner.kind],
      description: meshHostname(owner),
    });
    return { controlUrl, authKey: minted.key.reveal(), expiresAt: minted.expiresAt.toISOString() };
  }
}
