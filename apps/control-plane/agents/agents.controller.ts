import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { AgentDto, AgentPageDto, AgentRevocationDto, ListAgentsQuery } from '#libs/contracts/http/agents.js';
import { CreateEnrollmentTokenDto, EnrollmentTokenDto } from '#libs/contracts/http/enrollment.js';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { CreateEnrollmentToken, ListAgents, RevokeAgent, ShowAgent } from './messages.js';

@ApiTags('agents')
@Controller('v1/agents')
export class AgentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({ summary: 'List agents', answers: AgentPageDto })
  listAgents(@Query() filter: ListAgentsQuery): Promise<AgentPageDto> {
    return this.queries.execute(new ListAgents(filter));
  }

  @Get(':agentId')
  @DescribePath('agentId', 'host-a')
  @Route({ summary: 'Show an agent', answers: AgentDto })
  showAgent(@PathValue('agentId', parseAgentId) agentId: AgentId): Promise<AgentDto> {
    return this.queries.execute(new ShowAgent(agentId));
  }

  @Delete(':agentId')
  @DescribePath('agentId', 'host-a')
  @Idempotent({
    summary: 'Revoke an agent: its connection to the bus is cut at once',
    answers: AgentRevocationDto,
    role: 'admin',
  })
  revokeAgent(
    @PathValue('agentId', parseAgentId) agentId: AgentId,
    @WriteRequest() write: WriteContext,
  ): Promise<AgentRevocationDto> {
    return this.commands.execute(new RevokeAgent(agentId, write));
  }

  @Post('enrollment-tokens')
  @Idempotent({
    summary: 'Make a one-time token for an agent',
    answers: EnrollmentTokenDto,
    role: 'admin',
    status: 201,
  })
  createEnrollmentToken(
    @Body() body: CreateEnrollmentTokenDto,
    @WriteRequest() write: WriteContext,
  ): Promise<EnrollmentTokenDto> {
    return this.commands.execute(new CreateEnrollmentToken(body, write));
  }
}
