import { Body, Controller, Get, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { EpochPreviewDto, StartEpochDto, StartedEpochDto } from '#libs/contracts/http/epochs.js';
import { Idempotent, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { PreviewEpoch, StartEpoch } from './messages.js';

@ApiTags('epochs')
@Controller('v1/epochs')
export class EpochsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('next')
  @Route({
    summary: 'Show what a new epoch would change: what agents hold beside what the store says',
    answers: EpochPreviewDto,
    role: 'admin',
  })
  previewEpoch(): Promise<EpochPreviewDto> {
    return this.queries.execute(new PreviewEpoch());
  }

  @Post()
  @Idempotent({
    summary: 'Start a new epoch: agents take what the store says',
    answers: StartedEpochDto,
    role: 'admin',
    status: 201,
  })
  startEpoch(@Body() body: StartEpochDto, @WriteRequest() write: WriteContext): Promise<StartedEpochDto> {
    return this.commands.execute(new StartEpoch(body.after, write.actor));
  }
}
