import { Body, Controller, Get, Post, Put } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  ApplyDeclarationDto,
  DeclarationDto,
  DeclarationPreviewDto,
  DeclarationWriteDto,
} from '#libs/contracts/http/declarations.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, PreviewRoute, Route } from '../http/route.js';
import { OverridesTests, type WriteContext, WriteRequest } from '../http/write-context.js';
import { ApplyDeclaration } from './commands.js';
import { PreviewDeclaration, ShowDeclaration } from './queries.js';

/** All that a network is to hold, in one request. */
@ApiTags('declarations')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network/declaration')
export class DeclarationsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({ summary: 'The declaration that the network meets now', answers: DeclarationDto })
  showDeclaration(@PathValue('network', parseNetworkName) network: NetworkName): Promise<DeclarationDto> {
    return this.queries.execute(new ShowDeclaration(network));
  }

  @Put()
  @Idempotent({ summary: 'Make the network what is declared: all of it or nothing', answers: DeclarationWriteDto })
  applyDeclaration(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: ApplyDeclarationDto,
    @WriteRequest() write: WriteContext,
  ): Promise<DeclarationWriteDto> {
    return this.commands.execute(new ApplyDeclaration(network, body, write));
  }

  @Post('preview')
  @PreviewRoute({
    summary: 'What a declaration would change and cut, without writing it',
    answers: DeclarationPreviewDto,
  })
  previewDeclaration(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: ApplyDeclarationDto,
    @OverridesTests() overridesTests: boolean,
  ): Promise<DeclarationPreviewDto> {
    return this.queries.execute(new PreviewDeclaration(network, body, overridesTests));
  }
}
