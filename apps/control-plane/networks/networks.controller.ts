import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { ChangesDto, ListChangesQuery } from '#libs/contracts/http/changes.js';
import {
  CreateNetworkDto,
  DeleteNetworkQuery,
  ListNetworksQuery,
  NetworkCreationDto,
  NetworkDeletionDto,
  NetworkDto,
  NetworkPageDto,
} from '#libs/contracts/http/networks.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { CreateNetwork, DeleteNetwork } from './commands.js';
import { ListChanges, ListNetworks, ShowNetwork } from './queries.js';

@ApiTags('networks')
@Controller('v1/networks')
export class NetworksController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({ summary: 'List networks', answers: NetworkPageDto })
  listNetworks(@Query() filter: ListNetworksQuery): Promise<NetworkPageDto> {
    return this.queries.execute(new ListNetworks(filter));
  }

  @Post()
  @Idempotent({ summary: 'Create a network', answers: NetworkCreationDto, status: 201 })
  createNetwork(@Body() body: CreateNetworkDto, @WriteRequest() write: WriteContext): Promise<NetworkCreationDto> {
    return this.commands.execute(new CreateNetwork(body, write));
  }

  @Get(':network')
  @DescribePath('network', 'dev')
  @Route({ summary: 'Show a network', answers: NetworkDto })
  showNetwork(@PathValue('network', parseNetworkName) network: NetworkName): Promise<NetworkDto> {
    return this.queries.execute(new ShowNetwork(network));
  }

  @Get(':network/changes')
  @DescribePath('network', 'dev')
  @Route({ summary: 'List what has changed since a version, at most the last of it', answers: ChangesDto })
  listChanges(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() filter: ListChangesQuery,
  ): Promise<ChangesDto> {
    return this.queries.execute(new ListChanges(network, filter));
  }

  @Delete(':network')
  @DescribePath('network', 'dev')
  @Idempotent({ summary: 'Delete a network', answers: NetworkDeletionDto })
  deleteNetwork(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() options: DeleteNetworkQuery,
    @WriteRequest() write: WriteContext,
  ): Promise<NetworkDeletionDto> {
    return this.commands.execute(new DeleteNetwork(network, options.detachAll ?? false, write));
  }
}
