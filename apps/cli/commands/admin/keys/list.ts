import { listStoreKeys, type StoreKeyDto } from '#libs/api-client/generated/index.js';
import { GstacksCommand } from '../../../command.js';
import { holderLines } from '../../../keys/rotation-text.js';
import type { Column } from '../../../output/table.js';

const columns: readonly Column<StoreKeyDto>[] = [
  { heading: 'KEY', cell: ({ key }) => key },
  { heading: 'STAGE', cell: ({ stage }) => stage },
  { heading: 'IN USE', cell: ({ inUse }) => inUse },
  { heading: 'NEXT', cell: ({ next }) => next, onlyWithValues: true },
  { heading: 'FORMER', cell: ({ former }) => former.join(', '), wraps: true, leavesAt: 1, onlyWithValues: true },
];

export default class AdminKeysList extends GstacksCommand {
  static override summary = 'List the keys that members trust, and how far a rotation is (admin)';
  static override description =
    '`signing` signs what agents hold and where the log ends; `mesh` is the authority of mesh certificates. A key is named by its fingerprint. How every other key is replaced stands in docs/keys.md.';
  static override examples = ['<%= config.bin %> admin keys list'];

  async run() {
    const { flags } = await this.parse(AdminKeysList);
    const { client } = await this.connect(flags);
    const list = await listStoreKeys({ client });
    this.screen.table(list.items, columns);
    for (const key of list.items) {
      if (key.stage === 'settled') continue;
      this.screen.line('');
      this.screen.line(`${key.key}: who has confirmed the new key`);
      for (const line of holderLines(key)) this.screen.line(line);
      this.screen.line(`go on: gstacks admin keys rotate ${key.key}`);
    }
    return list;
  }
}
