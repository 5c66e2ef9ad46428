import { type MeshStateDto, showNetworkStatus } from '#libs/api-client/generated/index.js';
import { networkArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { meshCell, meshFault } from '../../mesh/mesh-column.js';
import { agentText, conflictLines } from '../../sandboxes/placement-text.js';
import { unreadableLines } from '../../unreadable-text.js';

export default class NetworkStatus extends GstacksCommand {
  static override summary = 'Show how far each agent is with a network';
  static override examples = ['<%= config.bin %> network status dev'];
  static override args = { network: networkArgument };

  async run() {
    const { args, flags } = await this.parse(NetworkStatus);
    const network = this.networkOf(args.network);
    const { client } = await this.connect(flags);
    const status = await showNetworkStatus({ client, path: { network } });
    this.screen.line(`network: ${status.network}`);
    this.screen.line(`status:  ${status.status}`);
    this.screen.line(`version: ${status.version} (epoch ${status.epoch.counter})`);
    if (status.status === 'EPOCH_REGRESSED') {
      this.screen.line('agents hold what this store never wrote; see and decide: gstacks admin new-epoch', 'bad');
    }
    for (const line of unreadableLines(status.network, status.unreadable)) this.screen.line(line, 'bad');
    if (status.quarantinedSince !== null) {
      this.screen.line(`quarantined since version ${status.quarantinedSince}: nothing of it is served`, 'bad');
      this.screen.line(`serve it again: gstacks network quarantine ${network} --lift`);
    } else if (status.unreadable !== null) {
      this.screen.line(`agents serve what they hold; cut it off: gstacks network quarantine ${network} --wait`);
    }
    this.screen.line('');
    if (status.localNodes.length > 0) {
      this.screen.line('local nodes (never waited for):');
      this.screen.table(status.localNodes, [
        { heading: 'NODE', cell: ({ nodeId }) => nodeId },
        { heading: 'USER', cell: ({ user }) => user },
        { heading: 'STATUS', cell: (node) => node.status },
        { heading: 'MESH', cell: ({ mesh }) => meshCell(mesh) },
        { heading: 'APPLIED', cell: ({ appliedVersion }) => appliedVersion },
        { heading: 'CREDENTIALS END', cell: ({ expiresAt }) => expiresAt },
      ]);
      for (const { nodeId, mesh } of status.localNodes) this.tellFault(nodeId, mesh);
      this.screen.line('');
    }
    for (const placement of status.placements) {
      this.screen.line(`sandbox ${placement.sandboxId}: ${agentText(placement)}, since version ${placement.since}`);
      for (const line of conflictLines(placement)) this.screen.line(`  ${line}`, 'bad');
    }
    if (status.placements.length > 0) this.screen.line('');
    if (status.agents.length === 0) {
      this.screen.line(`no agent takes part; attach a sandbox: gstacks network attach ${network} <sandbox-id>`);
      return status;
    }
    this.screen.table(status.agents, [
      { heading: 'AGENT', cell: ({ agentId }) => agentId },
      { heading: 'STATUS', cell: (agent) => agent.status },
      { heading: 'MESH', cell: ({ mesh }) => meshCell(mesh) },
      { heading: 'APPLIED', cell: ({ appliedVersion }) => appliedVersion },
      { heading: 'APPLIED AT', cell: ({ appliedAt }) => appliedAt },
      { heading: 'LAST CONTACT', cell: ({ lastContactAt }) => lastContactAt },
      { heading: 'REASON', cell: ({ reason }) => reason },
    ]);
    for (const { agentId, status: how, mesh, failures, refusedFlows } of status.agents) {
      this.tellFault(agentId, mesh);
      if (refusedFlows.length > 0) {
        const reasons = refusedFlows.map(({ code, count }) => `${count} ${code}`).join(', ');
        this.screen.line(`${agentId}: connections refused since it started: ${reasons}`);
      }
      for (const { alias, code, message } of failures) {
        const isRemembered = how === 'OFFLINE' || how === 'UNKNOWN';
        const down = isRemembered ? 'was not up when the agent was heard last' : 'is not up';
        this.screen.line(`${agentId}: alias ${alias} ${down}: ${message} (${code})`, 'bad');
      }
    }
    return status;
  }

  private tellFault(name: string, mesh: MeshStateDto | null): void {
    for (const line of meshFault(name, mesh)) this.screen.line(line, 'bad');
  }
}
