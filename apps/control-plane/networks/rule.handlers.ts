import { randomBytes } from 'node:crypto';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { RuleWriteDto } from '#libs/contracts/http/rules.js';
import { parseRuleId } from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { Directory } from '../record/directory.js';
import { AddRule, RemoveRule } from './commands.js';
import { meantSandbox } from './meant-sandbox.js';
import { NetworkWrites } from './network-writes.js';

@CommandHandler(AddRule)
export class AddRuleHandler implements ICommandHandler<AddRule> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly directory: Directory,
  ) {}

  execute({ network, body, write }: AddRule): Promise<RuleWriteDto> {
    const { effect, to, port, force = false } = body;
    const from = parseSelector(body.from, 'from');
    return this.writes.run({
      write,
      network,
      asked: ['AddRule', body],
      command: () => {
        const ruleId = parseRuleId(`rule-${randomBytes(8).toString('hex')}`, 'ruleId');
        const meant = meantSandbox(from, force, this.directory);
        return { kind: 'AddRule', ruleId, effect, from, to, port, meantSandbox: meant };
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
