import { MeshCommand } from '../../mesh/mesh-command.js';
import { exitCodeOf, knownNode } from '../../mesh/node-state.js';
import { showMesh } from '../../mesh/status-text.js';

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
    showMesh(this.screen, networks, Date.now());
    return { running, died, networks };
  }
}
