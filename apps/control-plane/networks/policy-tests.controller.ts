import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  AddPolicyTestDto,
  ListPolicyTestsQuery,
  PolicyTestPageDto,
  PolicyTestWriteDto,
} from '#libs/contracts/http/policy-tests.js';
import { type NetworkName, type PolicyTestId, parseNetworkName, parsePolicyTestId } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { AddPolicyTest, RemovePolicyTest } from './commands.js';
import { ListPolicyTests } from './queries.js';

@ApiTags('policy')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network/policy-tests')
export class PolicyTestsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({ summary: 'List the verdicts that writes may not change', answers: PolicyTestPageDto })
  listPolicyTests(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() filter: ListPolicyTestsQuery,
  ): Promise<PolicyTestPageDto> {
    return this.queries.execute(new ListPolicyTests(network, filter));
  }

  @Post()
  @Idempotent({
    summary: 'Keep a verdict: writes that change it are refused',
    answers: PolicyTestWriteDto,
    status: 201,
  })
  addPolicyTest(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: AddPolicyTestDto,
    @WriteRequest() write: WriteContext,
  ): Promise<PolicyTestWriteDto> {
    return this.commands.execute(new AddPolicyTest(network, body, write));
  }

  @Delete(':testId')
  @DescribePath('testId', 'test-4f9c21ab')
  @Idempotent({ summary: 'Keep a verdict no longer', answers: PolicyTestWriteDto })
  removePolicyTest(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('testId', parsePolicyTestId) testId: PolicyTestId,
    @WriteRequest() write: WriteContext,
  ): Promise<PolicyTestWriteDto> {
    return this.commands.execute(new RemovePolicyTest(network, testId, write));
  }
}
