import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { ResolutionDto } from '#libs/contracts/http/aliases.js';
import { type AliasName, type NetworkName, parseAliasName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, PathValue, Route } from '../http/route.js';
import { ResolveAlias } from './queries.js';

@ApiTags('aliases')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network/aliases')
export class ResolutionController {
  constructor(private readonly queries: QueryBus) {}

  @Get(':alias/resolution')
  @DescribePath('alias', 'api')
  @Route({ summary: 'Resolve an alias at each participating agent', answers: ResolutionDto })
  resolveAlias(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('alias', parseAliasName) alias: AliasName,
  ): Promise<ResolutionDto> {
    return this.queries.execute(new ResolveAlias(network, alias));
  }
}
