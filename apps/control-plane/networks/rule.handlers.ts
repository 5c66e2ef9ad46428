import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { MOST_RULES_AT_ONCE, type RulesWriteDto, type RuleWriteDto } from '#libs/contracts/http/rules.js';
import { ruleEnd } from '#libs/contracts/rule-ends.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { AddRule, AddRules, RemoveRule } from './commands.js';
import { meantSandbox } from './meant-sandbox.js';
import { NetworkWrites } from './network-writes.js';
import { newRuleId } from './new-rule-id.js';

@CommandHandler(AddRule)
export class AddRuleHandler implements ICommandHandler<AddRule> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly directory: Directory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  execute({ network, body, write }: AddRule): Promise<RuleWriteDto> {
    const { effect, to, port, force = false } = body;
    const from = parseSelector(body.from, 'from');
    return this.writes.run({
      write,
      network,
      asked: ['AddRule', body],
      command: () => {
        const meant = meantSandbox(from, force, this.directory);
        const now = this.clock();
        const rule = { ruleId: newRuleId(), effect, from, to, port, until: ruleEnd(body, now), now };
        return { kind: 'AddRule', ...rule, meantSandbox: meant };
      },
      describe: (told) => told,
    });
  }
}

@CommandHandler(AddRules)
export class AddRulesHandler implements ICommandHandler<AddRules> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly directory: Directory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ network, body, write }: AddRules): Promise<RulesWriteDto> {
    const { effect, to, ports, force = false } = body;
    const count = body.from.length * ports.length;
    if (count > MOST_RULES_AT_ONCE) {
      throw new InvalidInputError('ports', `${count} rules`, `at most ${MOST_RULES_AT_ONCE} rules at once`);
    }
    const sources = body.from.map((text) => parseSelector(text, 'from'));
    return this.writes.run({
      write,
      network,
      asked: ['AddRules', body],
      command: () => {
        const now = this.clock();
        const until = ruleEnd(body, now);
        const rules = sources.flatMap((from) => {
          const meant = meantSandbox(from, force, this.directory);
          return ports.map((port) => ({ ruleId: newRuleId(), from, to, port, until, now, meantSandbox: meant }));
        });
        return { kind: 'AddRules', effect, rules };
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
