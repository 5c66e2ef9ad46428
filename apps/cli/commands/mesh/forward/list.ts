import { MeshCommand } from '../../../mesh/mesh-command.js';
import { exitCodeOf, knownNode } from '../../../mesh/node-state.js';
import { forwardColumns } from '../../../mesh/views.js';

export default class MeshForwardList extends MeshCommand {
  static override summary = 'List the ports of this machine that lead into networks';
  static override examples = ['<%= config.bin %> mesh forward list'];

  async run() {
    const { flags } = await this.parse(MeshForwardList);
    const { folder } = await this.place(flags);
    const node = await knownNode(folder);
    if (node.networks.length === 0) throw this.notJoined('<network>');
    process.exitCode = exitCodeOf(node);
    const forwards = node.networks.flatMap(({ network, forwards: own }) => own.map((each) => ({ network, ...each })));
    if (node.died) {
      this.screen.line(`the background node (pid ${node.pid}) is gone, and its ports are closed`, 'bad');
      this.screen.line(`  try: gstacks mesh join ${node.networks[0]?.network}`);
    }
    if (forwards.length === 0) {
      this.screen.line('no port is forwarded; next: gstacks mesh forward <network> <alias>:<port> --local <port>');
    } else {
      this.screen.table(forwards, forwardColumns(Date.now()));
    }
    return { items: forwards };
  }
}
