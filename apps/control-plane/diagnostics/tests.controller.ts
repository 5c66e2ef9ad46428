import { Body, Controller, Post } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { TestRequestDto, TestResultDto } from '#libs/contracts/http/diagnostics.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { DescribePath, PathValue, Route } from '../http/route.js';
import { TestConnection } from './queries.js';

@ApiTags('diagnostics')
@Controller('v1/networks/:network/tests')
export class TestsController {
  constructor(private readonly queries: QueryBus) {}

  @Post()
  @DescribePath('network', 'dev')
  @Route({ summary: 'Test policy and route from a selector to an alias and port', answers: TestResultDto })
  testConnection(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() question: TestRequestDto,
  ): Promise<TestResultDto> {
    return this.queries.execute(new TestConnection(network, question));
  }
}
