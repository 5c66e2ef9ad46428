import { Module } from '@nestjs/common';
import { MeshModule } from '../mesh/mesh.module.js';
import { TopologyModule } from '../topology/topology.module.js';
import { ListAgentsHandler, RevokeAgentHandler } from './agent.handlers.js';
import { AgentListener } from './agent-listener.js';
import { AgentWrites } from './agent-writes.js';
import { Credentials } from './credentials.js';
import { CreateEnrollmentTokenHandler, EnrollAgentHandler, RenewAgentHandler } from './enrollment.handlers.js';
import { EnrollmentTokens } from './enrollment-tokens.js';
import { KeyOwners } from './key-owners.js';
import { RequestAgentMeshKeyHandler } from './mesh-key.handler.js';
import { PeerDirectory } from './peer-directory.js';
import { Revocations } from './revocations.js';

@Module({
  imports: [TopologyModule, MeshModule],
  providers: [
    AgentListener,
    PeerDirectory,
    Revocations,
    EnrollmentTokens,
    AgentWrites,
    KeyOwners,
    Credentials,
    CreateEnrollmentTokenHandler,
    EnrollAgentHandler,
    RenewAgentHandler,
    RequestAgentMeshKeyHandler,
    ListAgentsHandler,
    RevokeAgentHandler,
  ],
  exports: [AgentListener, PeerDirectory, Revocations, KeyOwners],
})
export class AgentsModule {}
