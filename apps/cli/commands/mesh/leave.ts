import { networkArgument } from '../../arguments.js';
import { MeshCommand } from '../../mesh/mesh-command.js';

export default class MeshLeave extends MeshCommand {
  static override summary = 'Leave a network with this machine: its forwarded ports close';
  static override examples = ['<%= config.bin %> mesh leave dev'];
  static override args = { network: networkArgument };

  async run() {
    const { args, flags } = await this.parse(MeshLeave);
    const network = this.networkOf(args.network);
    const { folder } = await this.place(flags);
    const { changed } = await this.ask(folder, { kind: 'leave', network });
    this.screen.line(
      changed ? `this machine left ${network}` : `this machine had not joined ${network}; nothing changed`,
    );
    return { network, changed };
  }
}
