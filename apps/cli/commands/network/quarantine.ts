import * as Flags from '@oclif/core/flags';
import { liftQuarantine, quarantineNetwork } from '#libs/api-client/generated/index.js';
import { networkArgument } from '../../arguments.js';
import { UsageError } from '../../errors/errors.js';
import { WriteCommand } from '../../write-command.js';

export default class NetworkQuarantine extends WriteCommand {
  static override summary = 'Cut a network off: every agent stops serving it and resets its open connections';
  static override description =
    'Works also on a network whose stream this release cannot read (STREAM_UNREADABLE). Attachments, aliases and rules stay; --lift serves the network again as it stands then.';
  static override examples = [
    '<%= config.bin %> network quarantine dev --wait',
    '<%= config.bin %> network quarantine dev --lift --wait',
  ];
  static override args = { network: networkArgument };
  static override flags = {
    lift: Flags.boolean({ description: 'serve it again' }),
    reason: Flags.string({ description: 'why, kept in the log', helpValue: '<text>' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkQuarantine);
    const network = this.networkOf(args.network);
    const { lift, reason } = flags;
    if (lift && reason !== undefined) {
      throw new UsageError('--lift takes no --reason', `gstacks network quarantine ${network} --lift`);
    }
    return this.write(
      flags,
      ({ client }, headers) =>
        lift
          ? liftQuarantine({ client, headers, path: { network } })
          : quarantineNetwork({ client, headers, path: { network }, body: reason === undefined ? {} : { reason } }),
      ({ version, result }) => {
        this.screen.line(
          lift
            ? `network ${network} is no longer quarantined (version ${version})`
            : `network ${network} is quarantined (version ${version}); agents that are told to stop serving it: ` +
                `${result.agents.join(', ') || 'none'}`,
        );
      },
    );
  }
}
