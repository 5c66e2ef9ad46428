import * as Flags from '@oclif/core/flags';
import { rest } from '#libs/async/rest.js';
import type { ForwardState } from '#libs/contracts/local-node-requests.js';
import { parsePort } from '#libs/contracts/ports.js';
import { networkArgument, required } from '../../arguments.js';
import { parseDestination } from '../../diagnostics/destination.js';
import { MeshCommand } from '../../mesh/mesh-command.js';

const LOOK_EVERY_MS = 1_000;

export default class MeshForward extends MeshCommand {
  static override summary = 'Forward a port of this machine to an alias and port';
  static override description =
    'Returns once the port is bound. The port stays open while the target is denied or unreachable.';
  static override examples = ['<%= config.bin %> mesh forward dev api:8080 --local 18080'];
  static override args = { network: networkArgument, to: required('alias and published port, as alias:port') };
  static override flags = {
    local: Flags.string({ description: 'port on 127.0.0.1', required: true, helpValue: '<port>' }),
    foreground: Flags.boolean({ description: 'stay until Ctrl-C, then stop the forward' }),
  };

  async run() {
    const { args, flags } = await this.parse(MeshForward);
    const network = this.networkOf(args.network);
    const { alias, port } = parseDestination(args.to, 'to');
    const localPort = parsePort(flags.local, '--local');
    const { folder } = await this.place(flags);
    const answer = await this.ask(folder, { kind: 'forward', network, alias, port, localPort });
    const forward = this.networkIn(answer, network).forwards.find((each) => each.localPort === localPort);
    const done = answer.changed ? 'leads' : 'leads already';
    this.screen.line(`127.0.0.1:${localPort} ${done} to ${alias}.${network}.gstacks:${port}`, 'good');
    if (forward !== undefined) this.tellTrouble(forward);
    if (flags.foreground) await this.stay(folder, localPort);
    return { network, changed: answer.changed, ...forward };
  }

  private tellTrouble({ state, reason }: ForwardState): void {
    if (state === 'denied' || state === 'unreachable') {
      this.screen.line(`connections are reset for now: ${reason}`, 'bad');
    } else if (state === 'unknown') {
      this.screen.line(`it is unknown whether connections get through: ${reason}`, 'bad');
    }
  }

  /** Waits for Ctrl-C, or for the node to end, which `ask` reports. */
  private async stay(folder: string, localPort: number): Promise<void> {
    const interruption = new AbortController();
    process.once('SIGINT', () => interruption.abort());
    process.once('SIGTERM', () => interruption.abort());
    this.screen.line('Ctrl-C stops it');
    while (!interruption.signal.aborted) {
      await this.ask(folder, { kind: 'status' });
      await rest(LOOK_EVERY_MS, interruption.signal);
    }
    await this.ask(folder, { kind: 'stop-forward', localPort });
  }
}
