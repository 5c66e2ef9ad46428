import * as Flags from '@oclif/core/flags';
import type { Client } from '#libs/api-client/generated/client/index.js';
import { deleteNetwork, listAttachments, previewWrite } from '#libs/api-client/generated/index.js';
import type { NetworkName } from '#libs/contracts/ids.js';
import { networkArgument } from '../../arguments.js';
import { confirmed } from '../../confirm.js';
import { UsageError } from '../../errors/errors.js';
import { readAll } from '../../list-command.js';
import { WriteCommand } from '../../write-command.js';

export default class NetworkDelete extends WriteCommand {
  static override summary = 'Delete a network';
  static override description =
    'A network with attached sandboxes is deleted only with --detach-all, which says what it cuts and asks.';
  static override examples = [
    '<%= config.bin %> network delete dev',
    '<%= config.bin %> network delete dev --detach-all',
    '<%= config.bin %> network delete dev --detach-all --yes --wait',
  ];
  static override args = { network: networkArgument };
  static override flags = {
    'detach-all': Flags.boolean({ description: 'detach every sandbox first, with its aliases' }),
    yes: Flags.boolean({ description: 'do not ask before sandboxes are detached' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkDelete);
    const network = this.networkOf(args.network);
    return this.write(
      flags,
      async ({ client }, headers) => {
        if (flags['detach-all'] && !flags.yes) await this.confirmDetaching(client, network);
        return deleteNetwork({ client, headers, path: { network }, query: { detachAll: flags['detach-all'] } });
      },
      ({ result }) => {
        this.screen.line(`network ${network} deleted`);
        if (result.detached.length > 0) this.screen.line(`detached: ${result.detached.join(', ')}`);
      },
    );
  }

  /** Shows what the deletion cuts, and asks for confirmation unless the network is empty. Error: UsageError. */
  private async confirmDetaching(client: Client, network: NetworkName): Promise<void> {
    const path = { network };
    const { items } = await readAll((query) => listAttachments({ client, path, query }));
    if (items.length === 0) return;
    const { cuts } = await previewWrite({ client, path, body: { kind: 'delete', detachAll: true } });
    const names = items.flatMap(({ aliases }) => aliases.map(({ name }) => name));
    this.screen.line(`${network} has ${items.length} attached: ${items.map(({ sandboxId }) => sandboxId).join(', ')}`);
    if (names.length > 0) this.screen.line(`  aliases that no longer resolve afterwards: ${names.join(', ')}`);
    const unknown = cuts.notKnown.map(({ agentId }) => agentId).join(', ');
    this.screen.line(
      `  open connections that are cut: ${cuts.cut}${unknown === '' ? '' : `, and those of ${unknown}`}`,
    );
    const line = `gstacks network delete ${network} --detach-all --yes`;
    const unasked = new UsageError('detaching all sandboxes needs confirmation', line, 'NOT_CONFIRMED');
    if (await confirmed(`delete network ${network}?`, !this.jsonEnabled(), unasked)) return;
    throw new UsageError('nothing was deleted', line, 'NOT_CONFIRMED');
  }
}
