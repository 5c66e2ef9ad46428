import { EXIT } from '../../errors/exit-codes.js';
import { MeshCommand } from '../../mesh/mesh-command.js';
import { askNode, lastState } from '../../mesh/node-client.js';
import { forwardColumns, joinedColumns } from '../../mesh/views.js';

export default class MeshStatus extends MeshCommand {
  static override summary = 'Show which networks this machine has joined, and its forwarded ports';
  static override examples = ['<%= config.bin %> mesh status'];

  async run() {
    const { flags } = await this.parse(MeshStatus);
    const { folder } = await this.place(flags);
    const answer = await askNode(folder, { kind: 'status' });
    const state = answer?.state ?? (await lastState(folder));
    const networks = state?.networks ?? [];
    const died = answer === null && networks.some((network) => network.state === 'joined');
    if (networks.length === 0) {
      this.screen.line('this machine has joined no network; next: gstacks mesh join <network>');
      return { running: answer !== null, died, networks };
    }
    if (died) {
      this.screen.line(`the background node (pid ${state?.pid}) is gone; this is what it last said`, 'bad');
      this.screen.line(`  try: gstacks mesh join ${networks[0]?.network}`);
      process.exitCode = EXIT.unknown;
    }
    this.screen.table(networks, joinedColumns);
    for (const { network, state: how, code, message, remedy } of networks) {
      if (how !== 'ended' && code === null) continue;
      this.screen.line(`${network}: ${how === 'ended' ? 'ended' : code}: ${message}`, 'bad');
      this.screen.line(`  try: ${remedy ?? `gstacks mesh join ${network}`}`);
    }
    const forwards = networks.flatMap((network) =>
      network.forwards.map((forward) => ({ network: network.network, ...forward })),
    );
    this.screen.line('');
    if (forwards.length === 0) {
      this.screen.line(
        `no port is forwarded; next: gstacks mesh forward ${networks[0]?.network} <alias>:<port> --local <port>`,
      );
    } else {
      this.screen.table(forwards, forwardColumns);
    }
    return { running: answer !== null, died, networks };
  }
}
