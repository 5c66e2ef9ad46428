import { Body, Controller, Get, Post } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { NetworkFlowsDto } from '#libs/contracts/http/flows.js';
import { ReachabilityDto } from '#libs/contracts/http/policy-views.js';
import { PreviewDto, PreviewRequestDto } from '#libs/contracts/http/previews.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, PathValue, PreviewRoute, Route } from '../http/route.js';
import { OverridesTests } from '../http/write-context.js';
import { ListFlows, PreviewWrite, ShowReachability } from './queries.js';

/** What the policy means now, the open flows under it, and what a write would change of both. */
@ApiTags('policy')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network')
export class PreviewsController {
  constructor(private readonly queries: QueryBus) {}

  @Get('reachability')
  @Route({ summary: 'Who may reach what by the rules, and what each rule does', answers: ReachabilityDto })
  showReachability(@PathValue('network', parseNetworkName) network: NetworkName): Promise<ReachabilityDto> {
    return this.queries.execute(new ShowReachability(network));
  }

  @Get('flows')
  @Route({ summary: 'Ask the agents which connections are open', answers: NetworkFlowsDto })
  listFlows(@PathValue('network', parseNetworkName) network: NetworkName): Promise<NetworkFlowsDto> {
    return this.queries.execute(new ListFlows(network));
  }

  @Post('previews')
  @PreviewRoute({ summary: 'What a write would change and cut, without writing it', answers: PreviewDto })
  previewWrite(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: PreviewRequestDto,
    @OverridesTests() overridesTests: boolean,
  ): Promise<PreviewDto> {
    return this.queries.execute(new PreviewWrite(network, body, overridesTests));
  }
}
