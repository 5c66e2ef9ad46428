import { listTokens } from '#libs/api-client/generated/index.js';
import { ListCommand } from '../../list-command.js';
import { agoAt } from '../../output/ago.js';
import { timeText } from '../../output/time-text.js';

export default class TokenList extends ListCommand {
  static override summary = 'List API tokens, without the tokens themselves';
  static override examples = ['<%= config.bin %> token list'];

  async run() {
    const { flags } = await this.parse(TokenList);
    return this.list(flags, ({ client }, page) => listTokens({ client, query: page }), {
      columns: [
        { heading: 'TOKEN', cell: ({ id }) => id },
        { heading: 'USER', cell: ({ user }) => user },
        { heading: 'ROLE', cell: ({ role }) => role },
        { heading: 'JOINS', cell: ({ joinNetworks }) => joinNetworks?.join(', ') },
        { heading: 'EXPIRES', cell: ({ expiresAt }) => (expiresAt === null ? 'never' : timeText(expiresAt)) },
        { heading: 'LAST USED', cell: ({ lastUsedAt }) => agoAt(lastUsedAt, Date.now()) },
      ],
      whenEmpty: 'no tokens; make one: gstacks token create ada --role viewer',
    });
  }
}
