import { MeshCommand } from '../../mesh/mesh-command.js';
import { exitCodeOf, knownNode } from '../../mesh/node-state.js';
import { forwardColumns, joinedColumns } from '../../mesh/views.js';

export default class MeshStatus extends MeshCommand {
  static override summary = 'Show which networks this machine has joined, and its forwarded ports';
  static override examples = ['<%= config.bin %> mesh status'];

  async run() {
    const { flags } = await this.parse(MeshStatus);
    const { folder } = await this.place(flags);
    const node = await knownNode(folder);
    const { running, died, networks } = node;
    if (networks.length === 0) {
      this.screen.line('this machine has joined no network; next: gstacks mesh join <network>');
      return { running, died, networks };
    }
    process.exitCode = exitCodeOf(node);
    const now = Date.now();
    this.screen.table(networks, joinedColumns(now));
    for (const { network, state: how, code, message, remedy } of networks) {
      if (how !== 'ended' && code === null) continue;
      this.screen.line(`${network}: ${how === 'ended' ? 'ended' : code}: ${message}`, 'bad');
      this.screen.line(`  try: ${remedy ?? `gstacks mesh join ${network}`}`);
    }
    const forwards = networks.flatMap(({ network, forwards: own }) => own.map((forward) => ({ network, ...forward })));
    this.screen.line('');
    if (forwards.length === 0) {
      this.screen.line(
        `no port is forwarded; next: gstacks mesh forward ${networks[0]?.network} <alias>:<port> --local <port>`,
      );
    } else {
      this.screen.table(forwards, forwardColumns(now));
    }
    return { running, died, networks };
  }
}
