import { detachSandbox } from '#libs/api-client/generated/index.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { networkArgument, sandboxArgument } from '../../arguments.js';
import { WriteCommand } from '../../write-command.js';

export default class NetworkDetach extends WriteCommand {
  static override summary = 'Detach a sandbox from a network, with the aliases it publishes there';
  static override examples = ['<%= config.bin %> network detach dev sbx-api --wait'];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument };

  async run() {
    const { args, flags } = await this.parse(NetworkDetach);
    const network = this.networkOf(args.network);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    return this.write(
      flags,
      ({ client }, headers) => detachSandbox({ client, headers, path: { network, sandboxId } }),
      ({ changed, version, result }) => {
        this.screen.line(`${sandboxId} ${changed ? 'detached' : 'is detached'} from ${network} (version ${version})`);
        if (result.aliasesRemoved.length > 0) this.screen.line(`aliases removed: ${result.aliasesRemoved.join(', ')}`);
        if (result.rulesLeft > 0) {
          this.screen.line(
            `rules that still name them: ${result.rulesLeft}; see gstacks network policy list ${network}`,
          );
        }
      },
    );
  }
}
