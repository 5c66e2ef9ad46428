import { listPolicyTests } from '#libs/api-client/generated/index.js';
import { networkArgument } from '../../../../arguments.js';
import { ListCommand } from '../../../../list-command.js';

export default class PolicyTestList extends ListCommand {
  static override summary = 'List the policy tests of a network, and whether each holds now';
  static override examples = ['<%= config.bin %> network policy test list dev'];
  static override args = { network: networkArgument };

  async run() {
    const { args, flags } = await this.parse(PolicyTestList);
    const network = this.networkOf(args.network);
    return this.list(flags, ({ client }, page) => listPolicyTests({ client, path: { network }, query: page }), {
      columns: [
        { heading: 'TEST', cell: ({ id }) => id },
        { heading: 'FROM', cell: ({ from }) => from },
        { heading: 'TO', cell: ({ to, port }) => `${to}:${port}` },
        { heading: 'VERDICT', cell: ({ effect }) => effect },
        { heading: 'NOW', cell: ({ holds }) => (holds ? 'holds' : 'FAILS') },
      ],
      whenEmpty: `no policy tests; keep a verdict: gstacks network policy test add ${network} local api:8080 allow`,
    });
  }
}
