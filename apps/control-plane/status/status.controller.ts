import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { AppliedDto, AppliedQuery, NetworkStatusDto } from '#libs/contracts/http/status.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { wholeNumber } from '#libs/contracts/values.js';
import { DescribePath, PathValue, Route } from '../http/route.js';
import { AwaitApplied, AwaitHeld, ShowNetworkStatus } from './queries.js';

const parseVersion = wholeNumber(1, Number.MAX_SAFE_INTEGER);

@ApiTags('status')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network')
export class StatusController {
  constructor(private readonly queries: QueryBus) {}

  @Get('status')
  @Route({ summary: 'How far each agent is with a network', answers: NetworkStatusDto })
  showNetworkStatus(@PathValue('network', parseNetworkName) network: NetworkName): Promise<NetworkStatusDto> {
    return this.queries.execute(new ShowNetworkStatus(network));
  }

  @Get('applied/:version')
  @DescribePath('version', '7')
  @Route({ summary: 'Wait until every concerned agent acknowledged a version', answers: AppliedDto })
  awaitApplied(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('version', parseVersion) version: number,
    @Query() query: AppliedQuery,
  ): Promise<AppliedDto> {
    return this.queries.execute(new AwaitApplied(network, version, query.waitSeconds ?? 0));
  }

  @Get('held/:version')
  @DescribePath('version', '7')
  @Route({
    summary: 'Wait until every agent is known to follow a version that a write found and did not change',
    answers: AppliedDto,
  })
  awaitHeld(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('version', parseVersion) version: number,
    @Query() query: AppliedQuery,
  ): Promise<AppliedDto> {
    return this.queries.execute(new AwaitHeld(network, version, query.waitSeconds ?? 0));
  }
}
