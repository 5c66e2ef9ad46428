import { revokeAgent } from '#libs/api-client/generated/index.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { agentArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { cutLine } from '../../mesh/cut-line.js';
import { meshNodeEndLine } from '../../mesh/mesh-node-end.js';
import { idempotencyKeyFlag, writeHeaders } from '../../write-command.js';

export default class AgentRevoke extends GstacksCommand {
  static override summary = 'Revoke an agent: its credentials end at once and its sandboxes are released';
  static override examples = ['<%= config.bin %> agent revoke host-c'];
  static override args = { agent: agentArgument };
  static override flags = { 'idempotency-key': idempotencyKeyFlag };

  async run() {
    const { args, flags } = await this.parse(AgentRevoke);
    const agentId = parseAgentId(args.agent, 'agent');
    const headers = writeHeaders(flags);
    const { client } = await this.connect(flags);
    const revocation = await revokeAgent({ client, headers, path: { agentId } });
    this.screen.line(`agent ${agentId} ${revocation.changed ? 'revoked' : 'was revoked already'}`);
    const released = revocation.sandboxesReleased;
    if (released.length > 0) this.screen.line(`sandboxes released: ${released.join(', ')}`);
    for (const line of [cutLine(revocation), meshNodeEndLine(revocation.meshNode)]) {
      if (line !== null) this.screen.line(line);
    }
    return revocation;
  }
}
