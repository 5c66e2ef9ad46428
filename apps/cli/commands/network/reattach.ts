import { reattachSandbox } from '#libs/api-client/generated/index.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { networkArgument, sandboxArgument } from '../../arguments.js';
import { dnsText } from '../../views.js';
import { WriteCommand } from '../../write-command.js';

export default class NetworkReattach extends WriteCommand {
  static override summary = 'Send a sandbox its network again; aliases and rules stay';
  static override examples = ['<%= config.bin %> network reattach dev sbx-api'];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument };

  async run() {
    const { args, flags } = await this.parse(NetworkReattach);
    const network = this.networkOf(args.network);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    return this.write(
      flags,
      ({ client }, headers) => reattachSandbox({ client, headers, path: { network, sandboxId } }),
      ({ version, result }) => {
        this.screen.line(`${sandboxId} reattached to ${network} (version ${version})`);
        this.screen.line(`dns: ${dnsText(result)}`);
      },
    );
  }
}
