import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  AliasPageDto,
  AliasRemovalDto,
  AliasWriteDto,
  ListAliasesQuery,
  PublishAliasDto,
} from '#libs/contracts/http/aliases.js';
import { type AliasName, type NetworkName, parseAliasName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { PublishAlias, RemoveAlias } from './commands.js';
import { ListAliases } from './queries.js';

@ApiTags('aliases')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network/aliases')
export class AliasesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({ summary: 'List the aliases of a network', answers: AliasPageDto })
  listAliases(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() filter: ListAliasesQuery,
  ): Promise<AliasPageDto> {
    return this.queries.execute(new ListAliases(network, filter));
  }

  @Post()
  @Idempotent({ summary: 'Publish an alias of an attached sandbox', answers: AliasWriteDto, status: 201 })
  publishAlias(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: PublishAliasDto,
    @WriteRequest() write: WriteContext,
  ): Promise<AliasWriteDto> {
    return this.commands.execute(new PublishAlias(network, body, write));
  }

  @Delete(':alias')
  @DescribePath('alias', 'api')
  @Idempotent({ summary: 'Remove an alias', answers: AliasRemovalDto })
  removeAlias(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('alias', parseAliasName) alias: AliasName,
    @WriteRequest() write: WriteContext,
  ): Promise<AliasRemovalDto> {
    return this.commands.execute(new RemoveAlias(network, alias, write));
  }
}
