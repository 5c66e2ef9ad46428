import { resolveAlias } from '#libs/api-client/generated/index.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { aliasArgument, networkArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { portsText } from '../../views.js';

export default class NetworkResolve extends GstacksCommand {
  static override summary = 'Resolve an alias: what publishes it, and its address at each agent';
  static override examples = ['<%= config.bin %> network resolve dev api'];
  static override args = { network: networkArgument, alias: aliasArgument };

  async run() {
    const { args, flags } = await this.parse(NetworkResolve);
    const path = { network: this.networkOf(args.network), alias: parseAliasName(args.alias, 'alias') };
    const { client } = await this.connect(flags);
    const resolution = await resolveAlias({ client, path });
    this.screen.line(`name:    ${resolution.name}`);
    this.screen.line(
      `sandbox: ${resolution.sandboxId}${resolution.agentId === null ? ' (no agent holds it now)' : `@${resolution.agentId}`}`,
    );
    this.screen.line(`ports:   ${portsText(resolution.ports)}`);
    this.screen.line(`version: ${resolution.version}`);
    this.screen.line('');
    if (resolution.addresses.length === 0) {
      this.screen.line(`no agent answers for it; see gstacks network status ${path.network}`);
    } else {
      this.screen.table(resolution.addresses, [
        { heading: 'AGENT', cell: ({ agentId }) => agentId },
        { heading: 'ADDRESS', cell: ({ address }) => address },
      ]);
    }
    return resolution;
  }
}
