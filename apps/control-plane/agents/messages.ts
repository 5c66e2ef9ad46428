import { Command, Query } from '@nestjs/cqrs';
import type { AgentDto, AgentPageDto, AgentRevocationDto, ListAgentsQuery } from '#libs/contracts/http/agents.js';
import type {
  AgentCredentialsDto,
  CreateEnrollmentTokenDto,
  EnrollAgentDto,
  EnrollmentTokenDto,
  RenewAgentDto,
} from '#libs/contracts/http/enrollment.js';
import type { MeshKeyDto, RequestAgentMeshKeyDto } from '#libs/contracts/http/mesh.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { WriteContext } from '../http/write-context.js';

export class ListAgents extends Query<AgentPageDto> {
  constructor(readonly filter: ListAgentsQuery) {
    super();
  }
}

export class ShowAgent extends Query<AgentDto> {
  constructor(readonly agentId: AgentId) {
    super();
  }
}

export class RevokeAgent extends Command<AgentRevocationDto> {
  constructor(
    readonly agentId: AgentId,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class CreateEnrollmentToken extends Command<EnrollmentTokenDto> {
  constructor(
    readonly body: CreateEnrollmentTokenDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class EnrollAgent extends Command<AgentCredentialsDto> {
  constructor(
    readonly body: EnrollAgentDto,
    readonly correlationId: string,
  ) {
    super();
  }
}

export class RenewAgent extends Command<AgentCredentialsDto> {
  constructor(
    readonly body: RenewAgentDto,
    readonly correlationId: string,
  ) {
    super();
  }
}

export class RequestAgentMeshKey extends Command<MeshKeyDto> {
  constructor(readonly body: RequestAgentMeshKeyDto) {
    super();
  }
}
