import { showAgent } from '#libs/api-client/generated/index.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { agentArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { meshCell, meshFault } from '../../mesh/mesh-column.js';
import { agoAt } from '../../output/ago.js';
import { timeText } from '../../output/time-text.js';
import { unreadableLines } from '../../unreadable-text.js';

export default class AgentShow extends GstacksCommand {
  static override summary = 'Show an agent: its place in the mesh, its sandboxes and its networks';
  static override examples = ['<%= config.bin %> agent show host-a'];
  static override args = { agent: agentArgument };

  async run() {
    const { args, flags } = await this.parse(AgentShow);
    const agentId = parseAgentId(args.agent, 'agent');
    const { client } = await this.connect(flags);
    const agent = await showAgent({ client, path: { agentId } });
    this.screen.line(`agent:        ${agent.id}`);
    this.screen.line(`status:       ${agent.status}`);
    this.screen.line(`release:      ${agent.softwareVersion ?? '-'}`);
    this.screen.line(`driver:       ${agent.driver ?? '-'}`);
    this.screen.line(`mesh:         ${meshCell(agent.mesh) ?? '-'}`);
    this.screen.line(`enrolled:     ${timeText(agent.enrolledAt)}`);
    this.screen.line(`last contact: ${agoAt(agent.lastContactAt, Date.now()) ?? 'never'}`);
    this.screen.line(`sandboxes:    ${agent.sandboxes.join(', ') || '-'}`);
    for (const line of meshFault(agent.id, agent.mesh)) this.screen.line(line, 'bad');
    for (const { code, message, remedy } of agent.refused) {
      this.screen.line(`no sandbox: ${message} (${code}); ${remedy}`, 'bad');
    }
    for (const line of unreadableLines(agent.id, agent.unreadable)) this.screen.line(line, 'bad');
    this.screen.line('');
    if (agent.networks.length === 0)
      this.screen.line('no networks; it takes part when one of its sandboxes is attached');
    else {
      this.screen.table(agent.networks, [
        { heading: 'NETWORK', cell: ({ network }) => network },
        { heading: 'STATUS', cell: ({ status }) => status },
      ]);
    }
    return agent;
  }
}
