import { randomBytes } from 'node:crypto';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { RuleWriteDto } from '#libs/contracts/http/rules.js';
import { parseRuleId } from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { AddRule, RemoveRule } from './commands.js';
import { NetworkWrites } from './network-writes.js';

@CommandHandler(AddRule)
export class AddRuleHandler implements ICommandHandler<AddRule> {
  constructor(private readonly writes: NetworkWrites) {}

  execute({ network, body, write }: AddRule): Promise<RuleWriteDto> {
    const { effect, to, port } = body;
    const from = parseSelector(body.from, 'from');
    return this.writes.run({
      write,
      network,
      asked: ['AddRule', body],
      command: () => {
        const ruleId = parseRuleId(`rule-${randomBytes(8).toString('hex')}`, 'ruleId');
        return { kind: 'AddRule', ruleId, effect, from, to, port };
      },
      describe: (told) => told,
    });
  }
}

@CommandHandler(RemoveRule)
export class RemoveRuleHandler implements ICommandHandler<RemoveRule> {
  constructor(private readonly writes: NetworkWrites) {}

  execute({ network, ruleId, write }: RemoveRule): Promise<RuleWriteDto> {
    return this.writes.run({
      write,
      network,
      asked: ['RemoveRule', ruleId],
      command: () => ({ kind: 'RemoveRule', ruleId }),
      describe: (told) => told,
    });
  }
}
