import * as Flags from '@oclif/core/flags';
import { listEgressRules } from '#libs/api-client/generated/index.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { EFFECTS } from '#libs/contracts/rules.js';
import { networkArgument } from '../../../arguments.js';
import { ListCommand } from '../../../list-command.js';
import { egressColumns } from '../../../views.js';

export default class EgressList extends ListCommand {
  static override summary =
    'List the names outside that sandboxes of a network may reach; no other name exists for them';
  static override examples = ['<%= config.bin %> network egress list dev'];
  static override args = { network: networkArgument };
  static override flags = {
    effect: Flags.string({ description: 'rules of this effect: allow or deny', helpValue: '<effect>' }),
  };

  async run() {
    const { args, flags } = await this.parse(EgressList);
    const network = this.networkOf(args.network);
    const filter = flags.effect === undefined ? {} : { effect: wordOf(EFFECTS)(flags.effect, '--effect') };
    return this.list(
      flags,
      ({ client }, page) => listEgressRules({ client, path: { network }, query: { ...filter, ...page } }),
      {
        columns: egressColumns,
        whenEmpty:
          `no rules: no outside name can be reached; allow one: gstacks network egress allow ${network} --from any ` +
          '--to packages.example.com:443',
      },
    );
  }
}
