import { diffNetwork, type NetworkDiffDto } from '#libs/api-client/generated/index.js';
import { MOMENT_FORMS, momentOf } from '#libs/contracts/moment-texts.js';
import { networkArgument, required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { showReachability } from '../../declaration/change-text.js';
import { changeColumns, versionText } from '../../history/history-text.js';

export default class NetworkDiff extends GstacksCommand {
  static override summary = 'Show who gained and who lost what between two versions or times';
  static override examples = [
    '<%= config.bin %> network diff dev 3 4',
    '<%= config.bin %> network diff dev 2h 14',
    '<%= config.bin %> network diff dev 2026-01-31T10:00:00Z 2026-01-31T12:00:00Z',
  ];
  static override args = {
    network: networkArgument,
    from: required(MOMENT_FORMS),
    to: required('as from'),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkDiff);
    const network = this.networkOf(args.network);
    const now = Date.now();
    const query = { from: momentOf(args.from, 'from', now), to: momentOf(args.to, 'to', now) };
    const { client } = await this.connect(flags);
    const diff = await diffNetwork({ client, path: { network }, query });
    this.show(diff);
    return diff;
  }

  private show(diff: NetworkDiffDto) {
    const { network, from, to, changes, changesLeftOut } = diff;
    this.screen.line(`${network}  from  ${versionText(from)}`);
    this.screen.line(`${' '.repeat(network.length)}  to    ${versionText(to)}`);
    this.screen.line('');
    showReachability(this.screen, diff, 'nobody gained or lost access between the two');
    if (changes.length === 0) return;
    this.screen.line('');
    if (changesLeftOut > 0) this.screen.line(`${changesLeftOut} earlier changes, and these:`, 'quiet');
    this.screen.table(changes, changeColumns);
  }
}
