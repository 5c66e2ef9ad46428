import { deleteToken } from '#libs/api-client/generated/index.js';
import { required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';

export default class TokenRevoke extends GstacksCommand {
  static override summary = 'Revoke an API token: it is refused from now on';
  static override description = 'Sessions of the console, and local nodes that joined with it, end too.';
  static override examples = ['<%= config.bin %> token revoke 0d1f3a52-9a41-4b5e-8f0f-1a0c6b8a2f11'];
  static override args = { token: required('id of the token, from token list') };

  async run() {
    const { args, flags } = await this.parse(TokenRevoke);
    const { client } = await this.connect(flags);
    const revoked = await deleteToken({ client, path: { tokenId: args.token } });
    this.screen.line(`token ${revoked.id} of ${revoked.user} (${revoked.role}) is revoked`);
    return revoked;
  }
}
