import * as Flags from '@oclif/core/flags';
import { createToken } from '#libs/api-client/generated/index.js';
import { parseNetworkName, parseUserName } from '#libs/contracts/ids.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { parseDurationSeconds } from '#libs/contracts/network-settings.js';
import { ROLES } from '#libs/contracts/roles.js';
import { required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { timeText } from '../../output/time-text.js';

export default class TokenCreate extends GstacksCommand {
  static override summary = 'Make an API token, which is shown once';
  static override description =
    'A viewer reads, an operator writes, an admin also makes tokens and enrols agents. A joiner does nothing but join networks with machines of its own. With --join a viewer or joiner may join these networks and no others.';
  static override examples = [
    '<%= config.bin %> token create ada --role viewer --join dev --join staging',
    '<%= config.bin %> token create ci --role operator --expires 7d',
  ];
  static override args = { user: required('who the token is for; local:<user> in rules') };
  static override flags = {
    role: Flags.string({ description: `one of ${ROLES.join(', ')}`, required: true, helpValue: '<role>' }),
    join: Flags.string({
      description: 'network that machines may join with it; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<network>',
    }),
    expires: Flags.string({ description: 'when it ends, such as 12h or 7d [default: 30d]', helpValue: '<time>' }),
  };

  async run() {
    const { args, flags } = await this.parse(TokenCreate);
    const body = {
      user: parseUserName(args.user, 'user'),
      role: wordOf(ROLES)(flags.role, '--role'),
      ...(flags.join === undefined ? {} : { joinNetworks: flags.join.map((name) => parseNetworkName(name, '--join')) }),
      ...(flags.expires === undefined ? {} : { expiresInSeconds: parseDurationSeconds(flags.expires, '--expires') }),
    };
    const { client } = await this.connect(flags);
    const created = await createToken({ client, body });
    this.screen.line(`token:   ${created.token}`);
    this.screen.line(`id:      ${created.id}`);
    this.screen.line(`for:     ${created.user} (${created.role})`);
    if (created.joinNetworks !== null) this.screen.line(`joins:   ${created.joinNetworks.join(', ')}`);
    this.screen.line(`expires: ${created.expiresAt === null ? 'never' : timeText(created.expiresAt)}`);
    this.screen.line('It is not shown again. To use it: gstacks login --url <url>, which asks for it.');
    return created;
  }
}
