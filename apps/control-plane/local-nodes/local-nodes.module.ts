import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { MeshModule } from '../mesh/mesh.module.js';
import { TopologyModule } from '../topology/topology.module.js';
import {
  EndLocalNodesOfTokenHandler,
  JoinNetworkHandler,
  LeaveNetworkHandler,
  LocalNodeEndings,
  RevokeLocalNodeHandler,
} from './local-node.handlers.js';
import { LocalNodeCredentials } from './local-node-credentials.js';
import { LocalNodeExpiry } from './local-node-expiry.js';
import { LocalNodeListener } from './local-node-listener.js';
import { LocalNodePublisher } from './local-node-publisher.js';
import { ListLocalNodesHandler, ShowLocalNodeHandler } from './local-node-queries.js';
import { LocalNodeWrites } from './local-node-writes.js';
import { RequestLocalNodeMeshKeyHandler } from './mesh-key.handler.js';

/** Developers' machines: credentials, what they may know, and their end. */
@Module({
  imports: [TopologyModule, AgentsModule, MeshModule],
  providers: [
    LocalNodeWrites,
    LocalNodeCredentials,
    LocalNodePublisher,
    LocalNodeListener,
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
  exports: [LocalNodePublisher, LocalNodeListener, LocalNodeExpiry],
})
export class LocalNodesModule {}
