import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { PreviewDto } from '#libs/contracts/http/previews.js';
import type { OutsidePattern, RuleId } from '#libs/contracts/ids.js';
import { covers, isOutsideName, parseDestinationName } from '#libs/contracts/outside-names.js';
import type { Topology } from '#libs/policy/model.js';
import { type PreviewedCommand, PreviewedCommands } from './previewed-commands.js';
import { type IsAbout, Previews } from './previews.js';
import { PreviewWrite } from './queries.js';

/**
 * What a write would do, decided by the same code as the write: refused as the write would be, and compared with the
 * current state by the function that decides live traffic.
 */
@QueryHandler(PreviewWrite)
export class PreviewWriteHandler implements IQueryHandler<PreviewWrite> {
  constructor(
    private readonly previews: Previews,
    private readonly commands: PreviewedCommands,
  ) {}

  async execute({ network, body, overridesTests }: PreviewWrite): Promise<PreviewDto> {
    const command = await this.commands.commandOf(network, body);
    const { preview } = await this.previews.of(
      network,
      () => command,
      (before, after) => targetsOf(command, before, after),
      overridesTests,
    );
    return preview;
  }
}

/** Whether the write is about flows to an alias and port. */
function targetsOf(command: PreviewedCommand, before: Topology, after: Topology): IsAbout {
  switch (command.kind) {
    case 'AddRule':
      return (alias, port) => alias === command.to && port === command.port;
    case 'AddRules':
      return (alias, port) => command.rules.some((rule) => alias === rule.to && port === rule.port);
    case 'AttachSandbox':
      return (alias) => alias === command.publication?.alias;
    case 'RemoveRule': {
      const rule = removedOf(before.rules, after.rules);
      return (alias, port) => alias === rule?.to && port === rule.port;
    }
    case 'AddEgressRule':
      return isBelow(command.to, command.port);
    case 'RemoveEgressRule': {
      const rule = removedOf(before.egressRules, after.egressRules);
      return rule === undefined ? () => false : isBelow(rule.to, rule.port);
    }
    case 'PublishAlias':
    case 'RemoveAlias':
      return (alias) => alias === command.alias;
    case 'DetachSandbox':
      return (alias) =>
        [...before.aliases.values()].some((one) => one.alias === alias && one.sandboxId === command.sandboxId);
    case 'ChangeLabels':
    case 'DeleteNetwork':
    case 'RevertNetwork':
      return () => true;
  }
}

/** The rule that a removal removes, named by its id or the beginning of it. */
function removedOf<Rule>(before: ReadonlyMap<RuleId, Rule>, after: ReadonlyMap<RuleId, Rule>): Rule | undefined {
  return [...before].find(([id]) => !after.has(id))?.[1];
}

function isBelow(pattern: OutsidePattern, port: number): IsAbout {
  return (text, at) => {
    const name = parseDestinationName(text, 'name');
    return at === port && isOutsideName(name) && covers(pattern, name);
  };
}
