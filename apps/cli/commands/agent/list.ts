import * as Flags from '@oclif/core/flags';
import { listAgents } from '#libs/api-client/generated/index.js';
import { parseNetworkName } from '#libs/contracts/ids.js';
import { AGENT_STATUSES } from '#libs/contracts/statuses.js';
import { ListCommand } from '../../list-command.js';
import { meshCell } from '../../mesh/mesh-column.js';
import { agoAt } from '../../output/ago.js';
import { unreadableLines } from '../../unreadable-text.js';

export default class AgentList extends ListCommand {
  static override summary = 'List agents';
  static override examples = ['<%= config.bin %> agent list'];
  static override flags = {
    network: Flags.string({ description: 'agents that take part in this network', helpValue: '<network>' }),
    status: Flags.string({ description: `one of ${AGENT_STATUSES.join(', ')}`, helpValue: '<status>' }),
  };

  async run() {
    const { flags } = await this.parse(AgentList);
    const filter = {
      ...(flags.network === undefined ? {} : { network: parseNetworkName(flags.network, '--network') }),
      ...this.statusFilter(flags.status, AGENT_STATUSES),
    };
    return this.list(flags, ({ client }, page) => listAgents({ client, query: { ...filter, ...page } }), {
      columns: [
        { heading: 'AGENT', cell: ({ id }) => id },
        { heading: 'STATUS', cell: ({ status }) => status },
        { heading: 'DRIVER', cell: ({ driver }) => driver, leavesAt: 4 },
        { heading: 'MESH', cell: ({ mesh }) => meshCell(mesh), wraps: true, leavesAt: 2 },
        { heading: 'SANDBOXES', cell: ({ sandboxes }) => sandboxes.join(', '), wraps: true, leavesAt: 1 },
        {
          heading: 'NETWORKS',
          cell: ({ networks }) => networks.map(({ network, status }) => `${network} ${status}`).join(', '),
          wraps: true,
        },
        { heading: 'LAST CONTACT', cell: ({ lastContactAt }) => agoAt(lastContactAt, Date.now()), leavesAt: 3 },
      ],
      notes: ({ id, status, refused, unreadable }) => {
        const takes = status === 'ONLINE' ? ' takes no sandbox' : ', when it was heard last, took no sandbox';
        const notTaken = refused.map(({ code, message, remedy }) => `${id}${takes} of ${message} (${code}); ${remedy}`);
        return [...notTaken, ...unreadableLines(id, unreadable)];
      },
      whenEmpty: 'no agents; enroll one: gstacks agent enroll host-a',
    });
  }
}
