import { MeshCommand } from '../../../mesh/mesh-command.js';
import { forwardColumns } from '../../../mesh/views.js';

export default class MeshForwardList extends MeshCommand {
  static override summary = 'List the ports of this machine that lead into networks';
  static override examples = ['<%= config.bin %> mesh forward list'];

  async run() {
    const { flags } = await this.parse(MeshForwardList);
    const { folder } = await this.place(flags);
    const { state } = await this.ask(folder, { kind: 'status' });
    const forwards = state.networks.flatMap(({ network, forwards: own }) => own.map((each) => ({ network, ...each })));
    if (forwards.length === 0) {
      this.screen.line('no port is forwarded; next: gstacks mesh forward <network> <alias>:<port> --local <port>');
    } else {
      this.screen.table(forwards, forwardColumns);
    }
    return { items: forwards };
  }
}
