import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  AddRuleDto,
  AddRulesDto,
  ListRulesQuery,
  RulePageDto,
  RulesWriteDto,
  RuleWriteDto,
} from '#libs/contracts/http/rules.js';
import { type NetworkName, parseNetworkName, parseRuleReference, type RuleReference } from '#libs/contracts/ids.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { AddRule, AddRules, RemoveRule } from './commands.js';
import { ListRules } from './queries.js';

@ApiTags('rules')
@DescribePath('network', 'dev')
@Controller('v1/networks/:network/rules')
export class RulesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({ summary: 'List the policy rules of a network', answers: RulePageDto })
  listRules(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Query() filter: ListRulesQuery,
  ): Promise<RulePageDto> {
    return this.queries.execute(new ListRules(network, filter));
  }

  @Post()
  @Idempotent({
    summary: 'Allow or deny traffic from a selector to an alias and port',
    answers: RuleWriteDto,
    status: 201,
  })
  addRule(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: AddRuleDto,
    @WriteRequest() write: WriteContext,
  ): Promise<RuleWriteDto> {
    return this.commands.execute(new AddRule(network, body, write));
  }

  @Post('batch')
  @Idempotent({
    summary: 'Allow or deny traffic from several selectors, or to several ports of an alias: all of the rules or none',
    answers: RulesWriteDto,
    status: 201,
  })
  addRules(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: AddRulesDto,
    @WriteRequest() write: WriteContext,
  ): Promise<RulesWriteDto> {
    return this.commands.execute(new AddRules(network, body, write));
  }

  @Delete(':ruleId')
  @DescribePath('ruleId', 'rule-4f9c21ab')
  @Idempotent({ summary: 'Remove a rule', answers: RuleWriteDto })
  removeRule(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @PathValue('ruleId', parseRuleReference) ruleId: RuleReference,
    @WriteRequest() write: WriteContext,
  ): Promise<RuleWriteDto> {
    return this.commands.execute(new RemoveRule(network, ruleId, write));
  }
}
