import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  LabelSandboxDto,
  ListSandboxesQuery,
  PinSandboxDto,
  ReleaseSandboxDto,
  SandboxDto,
  SandboxPageDto,
  SandboxWriteDto,
} from '#libs/contracts/http/sandboxes.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { LabelSandbox, ListSandboxes, PinSandbox, ReleaseSandbox, ShowSandbox, UnpinSandbox } from './messages.js';

@ApiTags('sandboxes')
@Controller('v1/sandboxes')
export class SandboxesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({ summary: 'List sandboxes', answers: SandboxPageDto })
  listSandboxes(@Query() filter: ListSandboxesQuery): Promise<SandboxPageDto> {
    return this.queries.execute(new ListSandboxes(filter));
  }

  @Get(':sandboxId')
  @DescribePath('sandboxId', 'sbx-api')
  @Route({ summary: 'Show a sandbox, its networks and aliases', answers: SandboxDto })
  showSandbox(@PathValue('sandboxId', parseSandboxId) sandboxId: SandboxId): Promise<SandboxDto> {
    return this.queries.execute(new ShowSandbox(sandboxId));
  }

  @Patch(':sandboxId/labels')
  @DescribePath('sandboxId', 'sbx-api')
  @Idempotent({ summary: 'Set and remove labels', answers: SandboxWriteDto })
  labelSandbox(
    @PathValue('sandboxId', parseSandboxId) sandboxId: SandboxId,
    @Body() change: LabelSandboxDto,
    @WriteRequest() write: WriteContext,
  ): Promise<SandboxWriteDto> {
    return this.commands.execute(new LabelSandbox(sandboxId, change, write));
  }

  @Post(':sandboxId/release')
  @DescribePath('sandboxId', 'sbx-api')
  @Idempotent({
    summary: 'Take a sandbox from its agent; the next agent that reports it has it',
    answers: SandboxWriteDto,
  })
  releaseSandbox(
    @PathValue('sandboxId', parseSandboxId) sandboxId: SandboxId,
    @Body() { agentId }: ReleaseSandboxDto,
    @WriteRequest() write: WriteContext,
  ): Promise<SandboxWriteDto> {
    return this.commands.execute(new ReleaseSandbox(sandboxId, agentId ?? null, write));
  }

  @Post(':sandboxId/pin')
  @DescribePath('sandboxId', 'sbx-api')
  @Idempotent({ summary: 'Let one agent alone place a sandbox', answers: SandboxWriteDto })
  pinSandbox(
    @PathValue('sandboxId', parseSandboxId) sandboxId: SandboxId,
    @Body() { agentId }: PinSandboxDto,
    @WriteRequest() write: WriteContext,
  ): Promise<SandboxWriteDto> {
    return this.commands.execute(new PinSandbox(sandboxId, agentId ?? null, write));
  }

  @Delete(':sandboxId/pin')
  @DescribePath('sandboxId', 'sbx-api')
  @Idempotent({ summary: 'Let any agent place a sandbox that no other one has', answers: SandboxWriteDto })
  unpinSandbox(
    @PathValue('sandboxId', parseSandboxId) sandboxId: SandboxId,
    @WriteRequest() write: WriteContext,
  ): Promise<SandboxWriteDto> {
    return this.commands.execute(new UnpinSandbox(sandboxId, write));
  }
}
