import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { DeniedNamesDto, ListDeniedNamesQuery } from '#libs/contracts/http/denied-names.js';
import {
  AddEgressRuleDto,
  EgressRulePageDto,
  EgressRuleWriteDto,
  ListEgressRulesQuery,
} from '#libs/contracts/http/egress.js';
import { type NetworkName, parseNetworkName, parseRuleReference, type RuleReference } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { AddEgressRule, RemoveEgressRule } from './commands.js';
import { ListDeniedNames, ListEgressRules } from './queries.js';

@ApiTags('egress')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network')
export class EgressController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('egress-rules')
  @Route({ summary: 'List the rules about names outside', answers: EgressRulePageDto })
  listEgressRules(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() filter: ListEgressRulesQuery,
  ): Promise<EgressRulePageDto> {
    return this.queries.execute(new ListEgressRules(network, filter));
  }

  @Get('denied-names')
  @Route({ summary: 'List the names outside that sandboxes were refused in the last hour', answers: DeniedNamesDto })
  listDeniedNames(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() filter: ListDeniedNamesQuery,
  ): Promise<DeniedNamesDto> {
    return this.queries.execute(new ListDeniedNames(network, filter));
  }

  @Post('egress-rules')
  @Idempotent({
    summary: 'Allow or deny sandboxes a name outside, on one TCP port',
    answers: EgressRuleWriteDto,
    status: 201,
  })
  addEgressRule(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: AddEgressRuleDto,
    @WriteRequest() write: WriteContext,
  ): Promise<EgressRuleWriteDto> {
    return this.commands.execute(new AddEgressRule(network, body, write));
  }

  @Delete('egress-rules/:ruleId')
  @DescribePath('ruleId', 'rule-4f9c21ab')
  @Idempotent({ summary: 'Remove a rule about a name outside', answers: EgressRuleWriteDto })
  removeEgressRule(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('ruleId', parseRuleReference) ruleId: RuleReference,
    @WriteRequest() write: WriteContext,
  ): Promise<EgressRuleWriteDto> {
    return this.commands.execute(new RemoveEgressRule(network, ruleId, write));
  }
}
