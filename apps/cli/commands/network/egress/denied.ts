import * as Flags from '@oclif/core/flags';
import { type DeniedNameDto, listDeniedNames } from '#libs/api-client/generated/index.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { networkArgument } from '../../../arguments.js';
import { GstacksCommand } from '../../../command.js';
import type { Column } from '../../../output/table.js';
import { SELECTORS } from '../../../rule-command.js';

/** Before it answers, the control plane asks agents, and waits for silent ones. */
const ANSWER_SECONDS = 15;

const columns: readonly Column<DeniedNameDto>[] = [
  { heading: 'SANDBOX', cell: ({ sandboxId }) => sandboxId },
  { heading: 'NAME', cell: ({ name }) => name },
  { heading: 'PORT', cell: ({ port }) => port },
  {
    heading: 'REASON',
    cell: ({ reason, allowedNow }) => (allowedNow ? `${reason}, allowed since` : reason),
    wraps: true,
  },
  { heading: 'COUNT', cell: ({ count }) => count, leavesAt: 2 },
  { heading: 'LAST', cell: ({ lastAt }) => lastAt, leavesAt: 3 },
  { heading: 'TO ALLOW IT', cell: ({ remedy }) => remedy, leavesAt: 1 },
];

export default class EgressDenied extends GstacksCommand {
  static override summary = 'List the names outside that sandboxes asked for in the last hour and were refused';
  static override description = `A DNS query names no port: put the port you need in place of 443.\n${SELECTORS}`;
  static override examples = [
    '<%= config.bin %> network egress denied dev',
    '<%= config.bin %> network egress denied dev --from web',
  ];
  static override args = { network: networkArgument };
  static override flags = {
    from: Flags.string({ description: 'selector of the sandboxes', helpValue: '<selector>' }),
  };

  async run() {
    const { args, flags } = await this.parse(EgressDenied);
    const network = this.networkOf(args.network);
    const query = flags.from === undefined ? {} : { from: parseSelectorText(flags.from, '--from') };
    const { client } = await this.connect(flags, ANSWER_SECONDS);
    const found = await listDeniedNames({ client, path: { network }, query });
    if (found.items.length > 0) this.screen.table(found.items, columns);
    else if (found.notKnown.length === 0) this.screen.line('no name outside was refused in the last hour');
    if (found.leftOut > 0) this.screen.line(`${found.leftOut} more are not shown`);
    for (const { agentId, reason } of found.notKnown) {
      this.screen.line(`${agentId}: the names that it refused are unknown: ${reason}`, 'bad');
    }
    return found;
  }
}
