import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  AttachDto,
  AttachmentPageDto,
  AttachmentWriteDto,
  DetachmentDto,
  ListAttachmentsQuery,
} from '#libs/contracts/http/attachments.js';
import { type NetworkName, parseNetworkName, parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { AttachSandbox, DetachSandbox, ReattachSandbox } from './commands.js';
import { ListAttachments } from './queries.js';

@ApiTags('attachments')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network/attachments')
export class AttachmentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({ summary: 'List the attached sandboxes of a network', answers: AttachmentPageDto })
  listAttachments(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() filter: ListAttachmentsQuery,
  ): Promise<AttachmentPageDto> {
    return this.queries.execute(new ListAttachments(network, filter));
  }

  @Post()
  @Idempotent({ summary: 'Attach a sandbox, with or without an alias', answers: AttachmentWriteDto, status: 201 })
  attachSandbox(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: AttachDto,
    @WriteRequest() write: WriteContext,
  ): Promise<AttachmentWriteDto> {
    return this.commands.execute(new AttachSandbox(network, body, write));
  }

  @Delete(':sandboxId')
  @DescribePath('sandboxId', 'sbx-api')
  @Idempotent({ summary: 'Detach a sandbox, with its aliases', answers: DetachmentDto })
  detachSandbox(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('sandboxId', parseSandboxId) sandboxId: SandboxId,
    @WriteRequest() write: WriteContext,
  ): Promise<DetachmentDto> {
    return this.commands.execute(new DetachSandbox(network, sandboxId, write));
  }

  @Post(':sandboxId/reattach')
  @DescribePath('sandboxId', 'sbx-api')
  @Route({ summary: 'Send the topology again and report the DNS path', answers: AttachmentWriteDto, role: 'operator' })
  reattachSandbox(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('sandboxId', parseSandboxId) sandboxId: SandboxId,
  ): Promise<AttachmentWriteDto> {
    return this.commands.execute(new ReattachSandbox(network, sandboxId));
  }
}
