import { Body, Controller, Delete, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { QuarantineDto, QuarantineNetworkDto } from '#libs/contracts/http/quarantine.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { LiftQuarantine, QuarantineNetwork } from './commands.js';

@ApiTags('networks')
@Controller('v1/networks/:network/quarantine')
@DescribePath('network', 'dev')
export class QuarantineController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @Idempotent({
    summary: 'Cut a network off: every agent lets go of it, also when its stream cannot be read',
    answers: QuarantineDto,
    role: 'admin',
  })
  quarantineNetwork(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() { reason }: QuarantineNetworkDto,
    @WriteRequest() write: WriteContext,
  ): Promise<QuarantineDto> {
    return this.commands.execute(new QuarantineNetwork(network, reason ?? null, write));
  }

  @Delete()
  @Idempotent({ summary: 'Serve a quarantined network again, as it stands now', answers: QuarantineDto, role: 'admin' })
  liftQuarantine(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @WriteRequest() write: WriteContext,
  ): Promise<QuarantineDto> {
    return this.commands.execute(new LiftQuarantine(network, write));
  }
}
