import { GstacksCommand } from '../../command.js';
import { readAllContexts } from '../../context/load-context.js';
import { STACK } from '../../context/saved-contexts.js';

export default class ContextList extends GstacksCommand {
  static override summary = 'List the control planes that this machine knows, the one in use first';
  static override examples = ['<%= config.bin %> context list'];

  async run() {
    await this.parse(ContextList);
    const saved = await readAllContexts(this.environment, this.config.root);
    const items = saved.map(({ name, url, path }, index) => ({ name: name ?? STACK, url, path, inUse: index === 0 }));
    if (items.length === 0) this.screen.line('no contexts; make one: gstacks login --url http://127.0.0.1:7080');
    else {
      this.screen.table(items, [
        { heading: 'IN USE', cell: ({ inUse }) => (inUse ? '*' : '') },
        { heading: 'CONTEXT', cell: ({ name }) => name },
        { heading: 'URL', cell: ({ url }) => url },
        { heading: 'FILE', cell: ({ path }) => path },
      ]);
    }
    return { items };
  }
}
