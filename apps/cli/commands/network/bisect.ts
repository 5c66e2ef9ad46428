import { listVerdictTurns } from '#libs/api-client/generated/index.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { networkArgument, required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { parseTestDestination } from '../../diagnostics/destination.js';
import { changeColumns, madeText } from '../../history/history-text.js';
import { SELECTORS } from '../../rule-command.js';

export default class NetworkBisect extends GstacksCommand {
  static override summary = 'Find the version at which a verdict changed, and the change that caused it';
  static override description = SELECTORS;
  static override examples = ['<%= config.bin %> network bisect dev web api:8080'];
  static override args = {
    network: networkArgument,
    from: required('selector of the source'),
    to: required('alias or name outside, and port, such as api:8080'),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkBisect);
    const network = this.networkOf(args.network);
    const from = parseSelectorText(args.from, 'from');
    const to = parseTestDestination(args.to, 'to');
    const { client } = await this.connect(flags);
    const found = await listVerdictTurns({ client, path: { network }, query: { from, ...to } });
    const [last] = found.turns;
    if (last === undefined) this.screen.line('the network has no version yet, so there is no verdict');
    else {
      const tone = last.effect === 'allow' ? 'good' : 'bad';
      this.screen.line(`${last.effect} (${last.reason}) since ${madeText(last.change)}: ${last.change.summary}`, tone);
      this.screen.line('');
      const [version, time, by, change] = changeColumns;
      this.screen.table(found.turns, [
        { heading: version.heading, cell: (turn) => version.cell(turn.change) },
        { heading: 'VERDICT', cell: ({ effect, reason }) => `${effect} (${reason})` },
        { heading: time.heading, cell: (turn) => time.cell(turn.change) },
        { heading: by.heading, cell: (turn) => by.cell(turn.change) },
        { heading: change.heading, cell: (turn) => change.cell(turn.change) },
      ]);
      if (found.turnsLeftOut > 0) this.screen.line(`and ${found.turnsLeftOut} earlier changes of the verdict`, 'quiet');
    }
    return found;
  }
}
