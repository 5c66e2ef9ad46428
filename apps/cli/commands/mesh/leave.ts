import { setTimeout as pause } from 'node:timers/promises';
import { type LocalNodeEndDto, leaveNetwork } from '#libs/api-client/generated/index.js';
import type { NetworkName } from '#libs/contracts/ids.js';
import type { JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import type { Connection } from '../../api/connect.js';
import { networkArgument } from '../../arguments.js';
import { awakeNode } from '../../mesh/awake-node.js';
import { cutLine } from '../../mesh/cut-line.js';
import { leaveByRecord } from '../../mesh/leave-by-record.js';
import { MeshCommand } from '../../mesh/mesh-command.js';
import { meshNodeEndLine } from '../../mesh/mesh-node-end.js';

/** Longer than a node takes to leave its networks and end. */
const NODE_ENDS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

export default class MeshLeave extends MeshCommand {
  static override summary = 'Leave a network with this machine: its forwarded ports close';
  static override description =
    'Resumes a background process that a signal has stopped, and ends one that still does not answer.';
  static override examples = ['<%= config.bin %> mesh leave dev'];
  static override args = { network: networkArgument };

  async run() {
    const { args, flags } = await this.parse(MeshLeave);
    const network = this.networkOf(args.network);
    const { context, folder } = await this.place(flags);
    const left = await this.left(folder, network);
    if (left === null) {
      this.screen.line(`this machine had not joined ${network}; nothing changed`);
      return { network, changed: false, connectionCut: null, connectionNotCutReason: null, meshNode: null };
    }
    const end = left.state === 'ended' ? null : await confirmedEnd(this.connectTo(context, flags), left.nodeId);
    if (left.state === 'ended') {
      this.screen.line(`this machine was no longer in ${network}: ${left.message ?? left.code}`);
    } else {
      this.screen.line(`this machine left ${network}`);
      const lines =
        end === null
          ? ['the control plane has not confirmed it: it removes this machine when the credentials expire']
          : [cutLine(end), meshNodeEndLine(end.meshNode)];
      for (const line of lines) if (line !== null) this.screen.line(line);
    }
    const { connectionCut = null, connectionNotCutReason = null, meshNode = null } = end ?? {};
    return { network, changed: true, connectionCut, connectionNotCutReason, meshNode };
  }

  /** How this machine was joined, from the node or, if it has ended, from its record; null: it was not. */
  private async left(folder: string, network: NetworkName): Promise<JoinedNetworkState | null> {
    const deadline = performance.now() + NODE_ENDS_WITHIN_MS;
    for (;;) {
      const node = await awakeNode(folder);
      if (node.kind === 'answers') {
        const { changed } = await this.ask(folder, { kind: 'leave', network });
        return (changed && node.answer.state.networks.find((joined) => joined.network === network)) || null;
      }
      const record = leaveByRecord(folder, network);
      if (node.endedPid !== null) {
        this.screen.line(`the background node (pid ${node.endedPid}) did not answer, and was ended`, 'bad');
      }
      if (record.kind === 'forgotten') {
        for (const other of record.others) this.screen.line(`${other} has ended with it: gstacks mesh join ${other}`);
        return record.joined;
      }
      if (record.kind === 'not recorded' || performance.now() > deadline) throw this.notJoined(network);
      // The node is ending, or another one was just started.
      await pause(LOOK_EVERY_MS);
    }
  }
}

/** The background node has reported that it leaves; repeating that shows what became of the node. null: no answer. */
async function confirmedEnd({ client }: Connection, nodeId: string): Promise<LocalNodeEndDto | null> {
  try {
    return await leaveNetwork({ client, path: { nodeId } });
  } catch {
    return null;
  }
}
