import { showSession } from '#libs/api-client/generated/index.js';
import { GstacksCommand } from '../command.js';

export default class Whoami extends GstacksCommand {
  static override summary = 'Show the control plane that commands go to, and who the token is';
  static override examples = ['<%= config.bin %> whoami'];

  async run() {
    const { flags } = await this.parse(Whoami);
    const { client, context } = await this.connect(flags);
    const session = await showSession({ client });
    this.screen.line(`user:    ${session.user}`);
    this.screen.line(`role:    ${session.role}`);
    this.screen.line(`expires: ${session.expiresAt ?? 'never'}`);
    this.screen.line(`url:     ${context.url} (from ${context.origin})`);
    return { ...session, url: context.url, origin: context.origin };
  }
}
