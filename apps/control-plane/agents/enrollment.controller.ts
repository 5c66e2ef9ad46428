import { Body, Controller, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { AgentCredentialsDto, EnrollAgentDto, RenewAgentDto } from '#libs/contracts/http/enrollment.js';
import { MeshKeyDto, RequestAgentMeshKeyDto } from '#libs/contracts/http/mesh.js';
import { Public } from '../http/route.js';
import { RequestId } from '../http/write-context.js';
import { EnrollAgent, RenewAgent, RequestAgentMeshKey } from './messages.js';

@ApiTags('agents')
@Controller('v1')
export class EnrollmentController {
  constructor(private readonly commands: CommandBus) {}

  @Post('agent-enrollments')
  @Public({ summary: 'Enrol an agent with a one-time token', answers: AgentCredentialsDto, status: 201 })
  enrollAgent(@Body() body: EnrollAgentDto, @RequestId() requestId: string): Promise<AgentCredentialsDto> {
    return this.commands.execute(new EnrollAgent(body, requestId));
  }

  @Post('agent-credentials')
  @Public({ summary: "Renew an agent's credentials, signed with its key", answers: AgentCredentialsDto, status: 201 })
  renewAgent(@Body() body: RenewAgentDto, @RequestId() requestId: string): Promise<AgentCredentialsDto> {
    return this.commands.execute(new RenewAgent(body, requestId));
  }

  @Post('agent-mesh-keys')
  @Public({ summary: 'Get a key for the mesh, signed with the key of the agent', answers: MeshKeyDto, status: 201 })
  requestAgentMeshKey(@Body() body: RequestAgentMeshKeyDto): Promise<MeshKeyDto> {
    return this.commands.execute(new RequestAgentMeshKey(body));
  }
}
