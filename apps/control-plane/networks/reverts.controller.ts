import { Body, Controller, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { RevertDto, RevertWriteDto } from '#libs/contracts/http/reverts.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { RevertNetwork } from './commands.js';

@ApiTags('history')
@Controller('v1/networks/:network/reverts')
@DescribePath('network', 'dev')
export class RevertsController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @Idempotent({
    summary: 'Make rules, egress rules, aliases and attachments what they were at a version, by new events',
    answers: RevertWriteDto,
    status: 201,
  })
  revertNetwork(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() { to }: RevertDto,
    @WriteRequest() write: WriteContext,
  ): Promise<RevertWriteDto> {
    return this.commands.execute(new RevertNetwork(network, to, write));
  }
}
