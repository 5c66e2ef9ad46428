import { removeAlias } from '#libs/api-client/generated/index.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { aliasArgument, networkArgument } from '../../../arguments.js';
import { WriteCommand } from '../../../write-command.js';

export default class AliasRemove extends WriteCommand {
  static override summary = 'Remove an alias from a network';
  static override examples = ['<%= config.bin %> network alias remove dev worker'];
  static override args = { network: networkArgument, alias: aliasArgument };

  async run() {
    const { args, flags } = await this.parse(AliasRemove);
    const network = this.networkOf(args.network);
    const alias = parseAliasName(args.alias, 'alias');
    return this.write(
      flags,
      ({ client }, headers) => removeAlias({ client, headers, path: { network, alias } }),
      ({ version, result }) => {
        this.screen.line(`alias ${alias} removed from ${network} (version ${version})`);
        if (result.rulesLeft > 0) {
          this.screen.line(`rules that still name it: ${result.rulesLeft}; see gstacks network policy list ${network}`);
        }
      },
    );
  }
}
