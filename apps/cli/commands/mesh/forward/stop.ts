import { parsePort } from '#libs/contracts/ports.js';
import { required } from '../../../arguments.js';
import { MeshCommand } from '../../../mesh/mesh-command.js';

export default class MeshForwardStop extends MeshCommand {
  static override summary = 'Stop forwarding a port of this machine; open connections go on';
  static override examples = ['<%= config.bin %> mesh forward stop 18080'];
  static override args = { port: required('local port') };

  async run() {
    const { args, flags } = await this.parse(MeshForwardStop);
    const localPort = parsePort(args.port, 'port');
    const { folder } = await this.place(flags);
    const { changed } = await this.ask(folder, { kind: 'stop-forward', localPort });
    this.screen.line(
      changed ? `127.0.0.1:${localPort} is closed` : `127.0.0.1:${localPort} was not forwarded; nothing changed`,
    );
    return { localPort, changed };
  }
}
