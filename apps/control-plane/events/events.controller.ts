import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiExtraModels, ApiHeader, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ChangeDto } from '#libs/contracts/http/changes.js';
import {
  AgentEventDto,
  AgentStateEventDto,
  EventsQuery,
  HeartbeatEventDto,
  HelloEventDto,
  LocalNodeEventDto,
  LocalNodeStateEventDto,
  NetworkStateEventDto,
  ResyncEventDto,
  SandboxEventDto,
  SandboxStateEventDto,
} from '#libs/contracts/http/events.js';
import type { HttpRequest, Principal } from '../http/request.js';
import { Route } from '../http/route.js';
import { CurrentPrincipal } from '../http/write-context.js';
import { OpenEvents } from './queries.js';

/** The data of each event, by its name. */
const EVENTS = {
  hello: HelloEventDto,
  resync: ResyncEventDto,
  network: ChangeDto,
  sandbox: SandboxEventDto,
  agent: AgentEventDto,
  'local-node': LocalNodeEventDto,
  'network-state': NetworkStateEventDto,
  'agent-state': AgentStateEventDto,
  'sandbox-state': SandboxStateEventDto,
  'local-node-state': LocalNodeStateEventDto,
  heartbeat: HeartbeatEventDto,
} as const;

@ApiTags('events')
@ApiExtraModels(...Object.values(EVENTS))
@Controller('v1')
export class EventsController {
  constructor(private readonly queries: QueryBus) {}

  @Get('events')
  @Route({ summary: 'Follow everything that changes, as server-sent events', answers: String })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The last id that was read: what the log has after it follows',
    schema: { type: 'string', maxLength: 64 },
  })
  @ApiResponse({
    status: 200,
    description: `Events ${Object.keys(EVENTS).join(', ')}, in this order of schemas, each with its data as JSON`,
    content: {
      'text/event-stream': {
        schema: { oneOf: Object.values(EVENTS).map((model) => ({ $ref: getSchemaPath(model) })) },
      },
    },
  })
  followEvents(
    @Query() { lastEventId = '' }: EventsQuery,
    @CurrentPrincipal() principal: Principal,
    @Req() { headers }: HttpRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const header = headers['last-event-id'];
    return this.queries.execute(new OpenEvents(typeof header === 'string' ? header : lastEventId, principal, reply));
  }
}
