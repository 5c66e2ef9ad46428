import { listAliases } from '#libs/api-client/generated/index.js';
import { networkArgument } from '../../../arguments.js';
import { ListCommand } from '../../../list-command.js';
import { aliasColumns } from '../../../views.js';

export default class AliasList extends ListCommand {
  static override summary = 'List the aliases of a network';
  static override examples = ['<%= config.bin %> network alias list dev'];
  static override args = { network: networkArgument };

  async run() {
    const { args, flags } = await this.parse(AliasList);
    const network = this.networkOf(args.network);
    return this.list(flags, ({ client }, query) => listAliases({ client, path: { network }, query }), {
      columns: aliasColumns,
      whenEmpty: `no aliases; add one: gstacks network alias add ${network} <sandbox-id> api --port 8080`,
    });
  }
}
