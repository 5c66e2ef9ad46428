import * as Flags from '@oclif/core/flags';
import { type NetworkStatusDto, showNetworkStatus } from '#libs/api-client/generated/index.js';
import { networkArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { ApiError } from '../../errors/errors.js';
import { showStatus } from '../../network-status-text.js';
import { jsonLine } from '../../output/clean.js';
import { timeText } from '../../output/time-text.js';
import { watchStatus } from '../../watch-status.js';

export default class NetworkStatus extends GstacksCommand {
  static override summary = 'Show how far each agent is with a network';
  static override examples = ['<%= config.bin %> network status dev', '<%= config.bin %> network status dev --watch'];
  static override args = { network: networkArgument };
  static override flags = {
    watch: Flags.boolean({ description: 'show it again each time it changes, until Ctrl-C; with --json a line each' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkStatus);
    const network = this.networkOf(args.network);
    const { client, context } = await this.connect(flags);
    const ask = () => showNetworkStatus({ client, path: { network } });
    if (flags.watch) {
      const interruption = new AbortController();
      process.once('SIGINT', () => interruption.abort());
      return watchStatus({
        ...{ network, context, ask, signal: interruption.signal },
        show: (status) => this.showChange(status),
        lost: (error) => this.tellLost(error),
        isFinal: (error) => error instanceof ApiError && error.status < 500,
      });
    }
    const status = await ask();
    showStatus(this.screen, status, Date.now());
    return status;
  }

  private showChange(status: NetworkStatusDto): void {
    if (this.jsonEnabled()) process.stdout.write(`${jsonLine(status)}\n`);
    this.screen.line(`at ${timeText(new Date().toISOString())}`, 'quiet');
    showStatus(this.screen, status, Date.now());
    this.screen.line('');
  }

  private tellLost(error: Error): void {
    const message = `not live: ${error.message}; trying again`;
    if (this.jsonEnabled()) process.stdout.write(`${jsonLine({ live: false, message: error.message })}\n`);
    this.screen.line(message, 'bad');
  }
}
