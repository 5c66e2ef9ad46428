import * as Flags from '@oclif/core/flags';
import { listNetworks, type UnknownNetworkDto } from '#libs/api-client/generated/index.js';
import { NETWORK_STATUSES } from '#libs/contracts/statuses.js';
import type { Connection } from '../../api/connect.js';
import { ListCommand, type PageQuery } from '../../list-command.js';
import { unreadableLines } from '../../unreadable-text.js';

export default class NetworkList extends ListCommand {
  static override summary = 'List networks';
  static override examples = [
    '<%= config.bin %> network list',
    '<%= config.bin %> network list --status SYNCED --json',
  ];
  static override flags = {
    label: Flags.string({ description: 'networks with an attached sandbox of this label', helpValue: '<key[=value]>' }),
    status: Flags.string({ description: `one of ${NETWORK_STATUSES.join(', ')}`, helpValue: '<status>' }),
  };

  async run() {
    const { flags } = await this.parse(NetworkList);
    const filter = { ...this.labelFilter(flags.label), ...this.statusFilter(flags.status, NETWORK_STATUSES) };
    const unknown = new Map<string, UnknownNetworkDto>();
    const read = async ({ client }: Connection, page: PageQuery) => {
      const answer = await listNetworks({ client, query: { ...filter, ...page } });
      for (const network of answer.unknown) unknown.set(network.id, network);
      return answer;
    };
    const page = await this.list(flags, read, {
      columns: [
        { heading: 'NETWORK', cell: ({ name }) => name },
        { heading: 'STATUS', cell: ({ status }) => status },
        { heading: 'SUFFIX', cell: ({ suffix }) => suffix, leavesAt: 2 },
        { heading: 'MODE', cell: ({ mode }) => mode, leavesAt: 3 },
        { heading: 'VERSION', cell: ({ version }) => version },
        { heading: 'SANDBOXES', cell: ({ sandboxes }) => sandboxes, leavesAt: 1 },
        { heading: 'ALIASES', cell: ({ aliases }) => aliases, leavesAt: 1 },
        { heading: 'RULES', cell: ({ rules }) => rules, leavesAt: 1 },
      ],
      notes: ({ name, unreadable }) => unreadableLines(name, unreadable),
      whenEmpty: 'no networks; create one: gstacks network create dev',
    });
    for (const { id, name, agents } of unknown.values()) {
      const text = `EPOCH_REGRESSED: network ${name ?? id} is known to ${agents.join(', ')} and not to the store`;
      this.screen.line(`${text}; see: gstacks admin new-epoch`, 'bad');
    }
    return { ...page, unknown: [...unknown.values()] };
  }
}
