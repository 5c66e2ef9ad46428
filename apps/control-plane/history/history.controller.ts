import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  DiffQuery,
  ExplanationDto,
  ExplanationQuery,
  HistoryPageDto,
  ListHistoryQuery,
  NetworkDiffDto,
  VerdictTurnsDto,
} from '#libs/contracts/http/history.js';
import { VerdictQuery } from '#libs/contracts/http/policy-views.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, PathValue, Route } from '../http/route.js';
import { DiffNetwork, ExplainVerdict, ListHistory, ListVerdictTurns } from './queries.js';

@ApiTags('history')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network')
export class HistoryController {
  constructor(private readonly queries: QueryBus) {}

  @Get('history')
  @Route({ summary: 'List who changed what and when, also of a network that was deleted', answers: HistoryPageDto })
  listHistory(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() filter: ListHistoryQuery,
  ): Promise<HistoryPageDto> {
    return this.queries.execute(new ListHistory(network, filter));
  }

  @Get('diff')
  @Route({ summary: 'Show the reachability gained and lost between two versions or times', answers: NetworkDiffDto })
  diffNetwork(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() between: DiffQuery,
  ): Promise<NetworkDiffDto> {
    return this.queries.execute(new DiffNetwork(network, between));
  }

  @Get('explanation')
  @Route({
    summary: 'Explain what was decided at a version or time, by which rule, and what agents had applied by then',
    answers: ExplanationDto,
  })
  explainVerdict(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() question: ExplanationQuery,
  ): Promise<ExplanationDto> {
    return this.queries.execute(new ExplainVerdict(network, question));
  }

  @Get('verdict-turns')
  @Route({ summary: 'List the versions at which a verdict became another one', answers: VerdictTurnsDto })
  listVerdictTurns(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() question: VerdictQuery,
  ): Promise<VerdictTurnsDto> {
    return this.queries.execute(new ListVerdictTurns(network, question));
  }
}
