import { hostname } from 'node:os';
import { resolve } from 'node:path';
import * as Flags from '@oclif/core/flags';
import { networkArgument } from '../../arguments.js';
import { EXIT } from '../../errors/exit-codes.js';
import { MeshCommand } from '../../mesh/mesh-command.js';
import { joinByNode } from '../../mesh/start-node.js';
import { timeText } from '../../output/time-text.js';

const LONGEST_NAME = 63;

export default class MeshJoin extends MeshCommand {
  static override summary = 'Join a network from this machine, with short-lived credentials';
  static override description =
    'Starts a background process of yours, without root, that renews the credentials for as long as your login lives.';
  static override examples = ['<%= config.bin %> mesh join dev'];
  static override args = { network: networkArgument };
  static override flags = {
    machine: Flags.string({ description: 'name of this machine [default: its host name]', helpValue: '<name>' }),
  };

  async run() {
    const { args, flags } = await this.parse(MeshJoin);
    const network = this.networkOf(args.network);
    const { context, folder } = await this.place(flags);
    const machine = (flags.machine ?? hostname()).slice(0, LONGEST_NAME);
    const { authorities, meshNode } = this.environment;
    const answer = await joinByNode(
      { folder, url: context.url, root: this.config.root, authorities },
      {
        ...{ kind: 'join', network, token: context.token, machine },
        authorities: authorities === undefined ? null : resolve(authorities),
        meshNode: meshNode === undefined ? null : resolve(meshNode),
      },
    );
    const joined = this.networkIn(answer, network);
    const done = answer.changed ? `joined ${network}` : `has joined ${network} already; nothing changed`;
    this.screen.line(`this machine ${done} as ${joined.user} (node ${joined.nodeId})`, 'good');
    this.screen.line(`credentials end ${timeText(joined.expiresAt)}; they are renewed while your login lives`);
    if (joined.bus !== 'connected' && joined.code !== null) {
      this.screen.line(`hears nothing of the network yet: ${joined.message} (${joined.code})`, 'bad');
      this.screen.line(`  try: ${joined.remedy ?? 'gstacks mesh status'}`);
      process.exitCode = EXIT.unreachable;
    } else if (joined.mesh !== 'joined') {
      this.screen.line(
        `not in the mesh yet: ${joined.code ?? joined.mesh}: ${joined.message ?? 'no answer so far'}`,
        'bad',
      );
      this.screen.line(`  try: ${joined.remedy ?? 'gstacks mesh status'}`);
      process.exitCode = joined.mesh === 'failed' ? EXIT.unreachable : EXIT.unknown;
    }
    this.screen.line(`next: gstacks mesh forward ${network} <alias>:<port> --local <port>`);
    return { changed: answer.changed, ...joined };
  }
}
