import { Module } from '@nestjs/common';
import { IdentityModule } from '../identity/identity.module.js';
import { MeshModule } from '../mesh/mesh.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import {
  EndLocalNodesOfTokenHandler,
  JoinNetworkHandler,
  LeaveNetworkHandler,
  LocalNodeEndings,
  RevokeLocalNodeHandler,
} from './local-node.handlers.js';
import { LocalNodeCredentials } from './local-node-credentials.js';
import { LocalNodeExpiry } from './local-node-expiry.js';
import { ListLocalNodesHandler, ShowLocalNodeHandler } from './local-node-queries.js';
import { LocalNodeWrites } from './local-node-writes.js';
import { RequestLocalNodeMeshKeyHandler } from './mesh-key.handler.js';

/** Developers' machines: their credentials, what they may know, and their end. */
@Module({
  imports: [IdentityModule, PresenceModule, MeshModule],
  providers: [
    LocalNodeWrites,
    LocalNodeCredentials,
    LocalNodeExpiry,
    LocalNodeEndings,
    JoinNetworkHandler,
    RevokeLocalNodeHandler,
    LeaveNetworkHandler,
    RequestLocalNodeMeshKeyHandler,
    EndLocalNodesOfTokenHandler,
    ListLocalNodesHandler,
    ShowLocalNodeHandler,
  ],
  exports: [LocalNodeExpiry],
})
export class LocalNodesModule {}
