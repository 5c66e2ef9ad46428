import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { printEgressRule } from '#libs/contracts/egress-rules.js';
import type { DeniedNamesDto } from '#libs/contracts/http/denied-names.js';
import { type EgressRulePageDto, type EgressRuleWriteDto, refusePublicSuffix } from '#libs/contracts/http/egress.js';
import { ruleEnd } from '#libs/contracts/rule-ends.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { unusableAgent } from '#libs/domain/agent/decide.js';
import { RuleSources } from '#libs/policy/rule-sources.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { NetworkDeniedNames } from '../status/denied-names.js';
import { AddEgressRule, RemoveEgressRule } from './commands.js';
import { meantSandbox } from './meant-sandbox.js';
import { NetworkViews } from './network-views.js';
import { NetworkWrites } from './network-writes.js';
import { newRuleId } from './new-rule-id.js';
import { ListDeniedNames, ListEgressRules } from './queries.js';
import { RuleLists } from './rule-lists.js';

@CommandHandler(AddEgressRule)
export class AddEgressRuleHandler implements ICommandHandler<AddEgressRule> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly directory: Directory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ network, body, write }: AddEgressRule): Promise<EgressRuleWriteDto> {
    const { effect, to, port, via = null } = body;
    if (effect === 'allow' && body.force !== true) refusePublicSuffix(to, 'to');
    const from = parseSelector(body.from, 'from');
    return this.writes.run({
      write,
      network,
      asked: ['AddEgressRule', body],
      command: () => {
        const unusable = via === null ? null : unusableAgent(via, this.directory.agent(via)?.state ?? null, 'via');
        if (unusable !== null) throw unusable;
        const meant = meantSandbox(from, body.force ?? false, this.directory);
        const now = this.clock();
        const rule = { ruleId: newRuleId(), effect, from, to, port, private: body.private ?? false, via };
        return { kind: 'AddEgressRule', ...rule, until: ruleEnd(body, now), now, meantSandbox: meant };
      },
      describe: (told) => told,
    });
  }
}

@CommandHandler(RemoveEgressRule)
export class RemoveEgressRuleHandler implements ICommandHandler<RemoveEgressRule> {
  constructor(private readonly writes: NetworkWrites) {}

  execute({ network, ruleId, write }: RemoveEgressRule): Promise<EgressRuleWriteDto> {
    return this.writes.run({
      write,
      network,
      asked: ['RemoveEgressRule', ruleId],
      command: () => ({ kind: 'RemoveEgressRule', ruleId }),
      describe: (told) => told,
    });
  }
}

@QueryHandler(ListEgressRules)
export class ListEgressRulesHandler implements IQueryHandler<ListEgressRules> {
  constructor(
    private readonly views: NetworkViews,
    private readonly lists: RuleLists,
  ) {}

  async execute({ network, filter }: ListEgressRules): Promise<EgressRulePageDto> {
    const { topology } = this.views.find(network);
    return this.lists.page(topology, topology.egressRules.values(), filter, printEgressRule);
  }
}

@QueryHandler(ListDeniedNames)
export class ListDeniedNamesHandler implements IQueryHandler<ListDeniedNames> {
  constructor(
    private readonly views: NetworkViews,
    private readonly deniedNames: NetworkDeniedNames,
  ) {}

  async execute({ network, filter }: ListDeniedNames): Promise<DeniedNamesDto> {
    const record = this.views.find(network);
    const found = await this.deniedNames.of(record);
    if (filter.from === undefined) return found;
    const sources = new RuleSources(record.topology).of(parseSelector(filter.from, 'from'));
    const asked = new Set<string>(sources.flatMap((source) => (source.kind === 'sandbox' ? [source.sandboxId] : [])));
    return { ...found, items: found.items.filter(({ sandboxId }) => asked.has(sandboxId)) };
  }
}
