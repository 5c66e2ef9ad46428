import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { TestRequestDto, TestResultDto, VerdictDto } from '#libs/contracts/http/diagnostics.js';
import { VerdictQuery } from '#libs/contracts/http/policy-views.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, PathValue, Route } from '../http/route.js';
import { ShowVerdict, TestConnection } from './queries.js';

@ApiTags('diagnostics')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network')
export class TestsController {
  constructor(private readonly queries: QueryBus) {}

  @Get('verdict')
  @Route({ summary: 'What policy decides on a selector, an alias and a port; no agent is asked', answers: VerdictDto })
  showVerdict(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() question: VerdictQuery,
  ): Promise<VerdictDto> {
    return this.queries.execute(new ShowVerdict(network, question));
  }

  @Post('tests')
  @Route({ summary: 'Test policy and route from a selector to an alias and port', answers: TestResultDto })
  testConnection(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() question: TestRequestDto,
  ): Promise<TestResultDto> {
    return this.queries.execute(new TestConnection(network, question));
  }
}
