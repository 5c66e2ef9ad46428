import * as Flags from '@oclif/core/flags';
import { type PreviewDto, previewWrite, revertNetwork } from '#libs/api-client/generated/index.js';
import { wholeNumber } from '#libs/contracts/values.js';
import { networkArgument } from '../../arguments.js';
import { confirmed } from '../../confirm.js';
import { showReachability } from '../../declaration/change-text.js';
import { UsageError } from '../../errors/errors.js';
import { testsHeader, WriteCommand } from '../../write-command.js';

export default class NetworkRevert extends WriteCommand {
  static override summary = 'Make a network what it was at a version: rules, egress rules, aliases and attachments';
  static override description =
    'Nothing is removed from the log: new events are written, all at once. First shows who gains and who loses ' +
    'what, and asks. Labels and hosts of sandboxes stay as they are now.';
  static override examples = [
    '<%= config.bin %> network revert dev --to 14',
    '<%= config.bin %> network revert dev --to 14 --yes --wait',
  ];
  static override args = { network: networkArgument };
  static override flags = {
    to: Flags.string({
      description: 'version to go back to; `network history` lists them',
      helpValue: '<version>',
      required: true,
    }),
    yes: Flags.boolean({ description: 'do not ask' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkRevert);
    const network = this.networkOf(args.network);
    const to = wholeNumber(1, Number.MAX_SAFE_INTEGER)(flags.to, '--to');
    return this.write(
      flags,
      async ({ client }, headers) => {
        const path = { network };
        const preview = await previewWrite({
          ...{ client, headers: testsHeader(flags), path },
          body: { kind: 'revert', version: to },
        });
        if (preview.changed) await this.confirm(preview, to, flags);
        // What was shown is what is written: not if somebody has changed the network meanwhile.
        const shown = { 'If-Match': String(preview.version), ...headers };
        return revertNetwork({ client, headers: shown, path, body: { to } });
      },
      ({ result, version, changed }) => {
        if (!changed) return;
        this.screen.line(`${network} is as it was at version ${to} (version ${version})`);
        for (const change of result.changes) this.screen.line(`  ${change}`);
        if (result.changesLeftOut > 0) this.screen.line(`  and ${result.changesLeftOut} more`);
      },
    );
  }

  private async confirm(
    preview: PreviewDto,
    to: number,
    { yes, override }: { readonly yes: boolean; readonly override: boolean },
  ): Promise<void> {
    const { network, version, cuts, warnings } = preview;
    this.screen.line(`${network}  from  version ${version}`);
    this.screen.line(`${' '.repeat(network.length)}  to    what it was at version ${to}`);
    this.screen.line('');
    showReachability(this.screen, preview, 'nobody gains or loses access');
    const unknown = cuts.notKnown.map(({ agentId }) => agentId).join(', ');
    this.screen.line(`open connections that are cut: ${cuts.cut}${unknown === '' ? '' : `, and those of ${unknown}`}`);
    if (yes) return;
    for (const { code, message } of warnings) this.screen.line(`warning: ${message} (${code})`);
    const overriding = override ? ' --override' : '';
    const line = `gstacks network revert ${network} --to ${to}${overriding} --yes`;
    const unasked = new UsageError('reverting a network needs confirmation', line, 'NOT_CONFIRMED');
    if (await confirmed(`revert network ${network} to version ${to}?`, !this.jsonEnabled(), unasked)) return;
    throw new UsageError('nothing was reverted', line, 'NOT_CONFIRMED');
  }
}
