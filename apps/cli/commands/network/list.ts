import { Flags } from '@oclif/core';
import { listNetworks } from '#libs/api-client/generated/index.js';
import { NETWORK_STATUSES } from '#libs/contracts/http/statuses.js';
import { ListCommand } from '../../list-command.js';

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
    return this.list(flags, ({ client }, page) => listNetworks({ client, query: { ...filter, ...page } }), {
      columns: [
        { heading: 'NETWORK', cell: ({ name }) => name },
        { heading: 'STATUS', cell: ({ status }) => status },
        { heading: 'SUFFIX', cell: ({ suffix }) => suffix },
        { heading: 'MODE', cell: ({ mode }) => mode },
        { heading: 'VERSION', cell: ({ version }) => version },
        { heading: 'SANDBOXES', cell: ({ sandboxes }) => sandboxes },
        { heading: 'ALIASES', cell: ({ aliases }) => aliases },
        { heading: 'RULES', cell: ({ rules }) => rules },
      ],
      whenEmpty: 'no networks; create one: gstacks network create dev',
    });
  }
}
