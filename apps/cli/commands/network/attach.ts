import { attachSandbox } from '#libs/api-client/generated/index.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { networkArgument, sandboxArgument } from '../../arguments.js';
import { attachBody, attachFlags } from '../../publication.js';
import { dnsText, portsText } from '../../views.js';
import { WriteCommand } from '../../write-command.js';

export default class NetworkAttach extends WriteCommand {
  static override summary = 'Attach a sandbox to a network, with an alias or without';
  static override examples = [
    '<%= config.bin %> network attach dev sbx-api --alias api --port 8080',
    '<%= config.bin %> network attach dev sbx-web',
  ];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument };
  static override flags = attachFlags;

  async run() {
    const { args, flags } = await this.parse(NetworkAttach);
    const network = this.networkOf(args.network);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const body = attachBody(sandboxId, flags);
    return this.write(
      flags,
      ({ client }, headers) => attachSandbox({ client, headers, path: { network }, body }),
      ({ changed, version, result }) => {
        this.screen.line(`${sandboxId} ${changed ? 'attached' : 'is attached'} to ${network} (version ${version})`);
        for (const { name, ports } of result.aliases) this.screen.line(`publishes ${name} on ${portsText(ports)}`);
        this.screen.line(`dns: ${dnsText(result)}`);
      },
    );
  }
}
