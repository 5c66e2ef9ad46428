import * as Flags from '@oclif/core/flags';
import { listSandboxes } from '#libs/api-client/generated/index.js';
import { parseNetworkName } from '#libs/contracts/ids.js';
import { SANDBOX_STATUSES } from '#libs/contracts/statuses.js';
import { ListCommand } from '../../list-command.js';
import { agentText, statusText } from '../../sandboxes/placement-text.js';
import { unreadableLines } from '../../unreadable-text.js';
import { labelsText } from '../../views.js';

export default class SandboxList extends ListCommand {
  static override summary = 'List sandboxes';
  static override examples = ['<%= config.bin %> sandbox list', '<%= config.bin %> sandbox list --label tier=web'];
  static override flags = {
    network: Flags.string({ description: 'sandboxes attached to this network', helpValue: '<network>' }),
    label: Flags.string({ description: 'sandboxes with this label', helpValue: '<key[=value]>' }),
    status: Flags.string({ description: `one of ${SANDBOX_STATUSES.join(', ')}`, helpValue: '<status>' }),
  };

  async run() {
    const { flags } = await this.parse(SandboxList);
    const filter = {
      ...(flags.network === undefined ? {} : { network: parseNetworkName(flags.network, '--network') }),
      ...this.labelFilter(flags.label),
      ...this.statusFilter(flags.status, SANDBOX_STATUSES),
    };
    return this.list(flags, ({ client }, page) => listSandboxes({ client, query: { ...filter, ...page } }), {
      columns: [
        { heading: 'SANDBOX', cell: ({ id }) => id },
        { heading: 'AGENT', cell: (sandbox) => agentText(sandbox), wraps: true },
        { heading: 'STATUS', cell: (sandbox) => statusText(sandbox) },
        { heading: 'DRIVER', cell: ({ driver }) => driver, leavesAt: 4 },
        {
          heading: 'NETWORKS',
          cell: ({ networks }) => networks.map(({ network }) => network).join(', '),
          wraps: true,
          leavesAt: 1,
        },
        { heading: 'LABELS', cell: ({ labels }) => labelsText(labels), wraps: true, leavesAt: 3 },
      ],
      notes: ({ id, unreadable }) => unreadableLines(id, unreadable),
      whenEmpty: 'no sandboxes; agents report them: gstacks agent list',
    });
  }
}
