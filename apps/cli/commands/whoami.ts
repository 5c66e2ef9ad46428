import { showSession } from '#libs/api-client/generated/index.js';
import { GstacksCommand } from '../command.js';
import { timeText } from '../output/time-text.js';

export default class Whoami extends GstacksCommand {
  static override summary = 'Show the control plane that commands go to, and who the token is';
  static override examples = ['<%= config.bin %> whoami'];

  async run() {
    const { flags } = await this.parse(Whoami);
    const { client, context } = await this.connect(flags);
    const session = await showSession({ client });
    this.screen.line(`user:    ${session.user}`);
    this.screen.line(`role:    ${session.role}`);
    this.screen.line(`expires: ${session.expiresAt === null ? 'never' : timeText(session.expiresAt)}`);
    if (session.joinNetworks !== null) this.screen.line(`joins:   ${session.joinNetworks.join(', ')}`);
    const { url, origin, name } = context;
    this.screen.line(`url:     ${url} (from ${name === null ? '' : `context ${name} in `}${origin})`);
    return { ...session, url, origin, context: name };
  }
}
