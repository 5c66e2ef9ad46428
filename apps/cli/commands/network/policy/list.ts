import * as Flags from '@oclif/core/flags';
import { listRules } from '#libs/api-client/generated/index.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { networkArgument } from '../../../arguments.js';
import { ListCommand } from '../../../list-command.js';
import { ruleColumns } from '../../../views.js';

export default class PolicyList extends ListCommand {
  static override summary = 'List the rules of a network; what no rule allows is denied';
  static override examples = ['<%= config.bin %> network policy list dev'];
  static override args = { network: networkArgument };
  static override flags = {
    effect: Flags.string({ description: 'rules of this effect: allow or deny', helpValue: '<effect>' }),
  };

  async run() {
    const { args, flags } = await this.parse(PolicyList);
    const network = this.networkOf(args.network);
    const filter = flags.effect === undefined ? {} : { effect: wordOf(['allow', 'deny'])(flags.effect, '--effect') };
    return this.list(
      flags,
      ({ client }, page) => listRules({ client, path: { network }, query: { ...filter, ...page } }),
      {
        columns: ruleColumns,
        whenEmpty: `no rules: everything is denied; allow something: gstacks network policy allow ${network} --from local --to api --port 8080`,
      },
    );
  }
}
