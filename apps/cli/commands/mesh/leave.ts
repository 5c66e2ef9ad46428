import { type LocalNodeEndDto, leaveNetwork } from '#libs/api-client/generated/index.js';
import type { Connection } from '../../api/connect.js';
import { networkArgument } from '../../arguments.js';
import { cutLine } from '../../mesh/cut-line.js';
import { MeshCommand } from '../../mesh/mesh-command.js';
import { meshNodeEndLine } from '../../mesh/mesh-node-end.js';
import { askNode } from '../../mesh/node-client.js';

export default class MeshLeave extends MeshCommand {
  static override summary = 'Leave a network with this machine: its forwarded ports close';
  static override examples = ['<%= config.bin %> mesh leave dev'];
  static override args = { network: networkArgument };

  async run() {
    const { args, flags } = await this.parse(MeshLeave);
    const network = this.networkOf(args.network);
    const { context, folder } = await this.place(flags);
    const before = await askNode(folder, { kind: 'status' });
    const { changed } = await this.ask(folder, { kind: 'leave', network });
    if (!changed) {
      this.screen.line(`this machine had not joined ${network}; nothing changed`);
      return { network, changed, connectionCut: null, connectionNotCutReason: null, meshNode: null };
    }
    this.screen.line(`this machine left ${network}`);
    const nodeId = before?.state.networks.find((joined) => joined.network === network)?.nodeId;
    const end = nodeId === undefined ? null : await confirmedEnd(this.connectTo(context, flags), nodeId);
    const lines =
      end === null
        ? ['the control plane does not confirm it: it lets this machine go when the credentials end']
        : [cutLine(end), meshNodeEndLine(end.meshNode)];
    for (const line of lines) if (line !== null) this.screen.line(line);
    const { connectionCut = null, connectionNotCutReason = null, meshNode = null } = end ?? {};
    return { network, changed, connectionCut, connectionNotCutReason, meshNode };
  }
}

/** The background node has said that it leaves; said again, it tells what became of it. null: no answer. */
async function confirmedEnd({ client }: Connection, nodeId: string): Promise<LocalNodeEndDto | null> {
  try {
    return await leaveNetwork({ client, path: { nodeId } });
  } catch {
    return null;
  }
}
