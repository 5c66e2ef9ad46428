import * as Flags from '@oclif/core/flags';
import { deleteNetwork } from '#libs/api-client/generated/index.js';
import { networkArgument } from '../../arguments.js';
import { WriteCommand } from '../../write-command.js';

export default class NetworkDelete extends WriteCommand {
  static override summary = 'Delete a network';
  static override description = 'A network with attached sandboxes is deleted only with --detach-all.';
  static override examples = [
    '<%= config.bin %> network delete dev',
    '<%= config.bin %> network delete dev --detach-all',
  ];
  static override args = { network: networkArgument };
  static override flags = {
    'detach-all': Flags.boolean({ description: 'detach every sandbox first, with its aliases' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkDelete);
    const network = this.networkOf(args.network);
    return this.write(
      flags,
      ({ client }, headers) =>
        deleteNetwork({ client, headers, path: { network }, query: { detachAll: flags['detach-all'] } }),
      ({ result }) => {
        this.screen.line(`network ${network} deleted`);
        if (result.detached.length > 0) this.screen.line(`detached: ${result.detached.join(', ')}`);
      },
    );
  }
}
