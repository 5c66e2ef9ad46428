import { parseAliasName } from '#libs/contracts/ids.js';
import { aliasArgument, networkArgument } from '../../../../../arguments.js';
import { PlanCommand, planFlags } from '../../../../../plan-command.js';

export default class PlanAliasRemove extends PlanCommand {
  static override summary = 'Say what removing an alias would change and cut, and write nothing';
  static override examples = ['<%= config.bin %> network policy plan alias remove dev worker'];
  static override args = { network: networkArgument, alias: aliasArgument };
  static override flags = planFlags;

  async run() {
    const { args, flags } = await this.parse(PlanAliasRemove);
    const alias = parseAliasName(args.alias, 'alias');
    return this.plan(flags, args.network, 'network alias remove', { kind: 'remove-alias', alias });
  }
}
