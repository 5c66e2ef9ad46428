import * as Flags from '@oclif/core/flags';
import { createNetwork } from '#libs/api-client/generated/index.js';
import { parseDurationSeconds, parseMode } from '#libs/contracts/network-settings.js';
import { networkArgument } from '../../arguments.js';
import { WriteCommand } from '../../write-command.js';

export default class NetworkCreate extends WriteCommand {
  static override summary = 'Create a network';
  static override examples = ['<%= config.bin %> network create dev'];
  static override args = { network: networkArgument };
  static override flags = {
    mode: Flags.string({ description: 'agent_proxy is the one mode there is now', helpValue: '<mode>' }),
    'max-staleness': Flags.string({
      description: 'how long an agent serves without contact, such as 90s, 30m, 24h or 7d',
      helpValue: '<time>',
    }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkCreate);
    const name = this.networkOf(args.network);
    const body = {
      name,
      ...(flags.mode === undefined ? {} : { mode: parseMode(flags.mode, '--mode') }),
      ...(flags['max-staleness'] === undefined
        ? {}
        : { maxStaleness: parseDurationSeconds(flags['max-staleness'], '--max-staleness') }),
    };
    return this.write(
      flags,
      ({ client }, headers) => createNetwork({ client, headers, body }),
      ({ changed, version, result }) => {
        this.screen.line(
          `network ${name} ${changed ? 'created' : 'exists already'} (version ${version}); names end in .${result.suffix}`,
        );
        this.screen.line(`next: gstacks network attach ${name} <sandbox-id> --alias api --port 8080`);
      },
    );
  }
}
