import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppliedModule } from '../applied/applied.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { MeshModule } from '../mesh/mesh.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { StatusModule } from '../status/status.module.js';
import { ListAgentsHandler, RevokeAgentHandler, ShowAgentHandler } from './agent.handlers.js';
import { AgentViews } from './agent-views.js';
import { AgentWrites } from './agent-writes.js';
import { Credentials } from './credentials.js';
import { CreateEnrollmentTokenHandler, EnrollAgentHandler, RenewAgentHandler } from './enrollment.handlers.js';
import { EnrollmentToken } from './enrollment-token.entity.js';
import { EnrollmentTokens } from './enrollment-tokens.js';
import { RequestAgentMeshKeyHandler } from './mesh-key.handler.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([EnrollmentToken]),
    IdentityModule,
    PresenceModule,
    AppliedModule,
    StatusModule,
    MeshModule,
  ],
  providers: [
    EnrollmentTokens,
    AgentWrites,
    Credentials,
    CreateEnrollmentTokenHandler,
    EnrollAgentHandler,
    RenewAgentHandler,
    RequestAgentMeshKeyHandler,
    AgentViews,
    ListAgentsHandler,
    ShowAgentHandler,
    RevokeAgentHandler,
  ],
})
export class AgentsModule {}
