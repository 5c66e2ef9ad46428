import { aliasArgument, networkArgument, sandboxArgument } from '../../../../../arguments.js';
import { PlanCommand, planFlags } from '../../../../../plan-command.js';
import { publishBody, publishFlags } from '../../../../../publication.js';

export default class PlanAliasAdd extends PlanCommand {
  static override summary = 'Say what publishing an alias would change and cut, and write nothing';
  static override examples = ['<%= config.bin %> network policy plan alias add dev sbx-worker worker --port 9090'];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument, alias: aliasArgument };
  static override flags = { ...publishFlags, ...planFlags };

  async run() {
    const { args, flags } = await this.parse(PlanAliasAdd);
    const body = publishBody(args['sandbox-id'], args.alias, flags);
    return this.plan(flags, args.network, 'network alias add', { kind: 'publish-alias', ...body });
  }
}
