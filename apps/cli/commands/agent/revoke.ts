import * as Flags from '@oclif/core/flags';
import { type AgentDto, revokeAgent, showAgent } from '#libs/api-client/generated/index.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { agentArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { confirmed } from '../../confirm.js';
import { UsageError } from '../../errors/errors.js';
import { cutLine } from '../../mesh/cut-line.js';
import { meshNodeEndLine } from '../../mesh/mesh-node-end.js';
import { idempotencyKeyFlag, writeHeaders } from '../../write-command.js';

export default class AgentRevoke extends GstacksCommand {
  static override summary = 'Revoke an agent: its credentials end at once and its sandboxes are released';
  static override description = 'Says first what that cuts, and asks.';
  static override examples = ['<%= config.bin %> agent revoke host-c', '<%= config.bin %> agent revoke host-c --yes'];
  static override args = { agent: agentArgument };
  static override flags = {
    yes: Flags.boolean({ description: 'revoke it without asking' }),
    'idempotency-key': idempotencyKeyFlag,
  };

  async run() {
    const { args, flags } = await this.parse(AgentRevoke);
    const agentId = parseAgentId(args.agent, 'agent');
    const headers = writeHeaders(flags);
    const { client } = await this.connect(flags);
    if (!flags.yes) await this.confirm(await showAgent({ client, path: { agentId } }));
    const revocation = await revokeAgent({ client, headers, path: { agentId } });
    this.screen.line(`agent ${agentId} ${revocation.changed ? 'revoked' : 'was revoked already'}`);
    const released = revocation.sandboxesReleased;
    if (released.length > 0) this.screen.line(`sandboxes released: ${released.join(', ')}`);
    for (const line of [cutLine(revocation), meshNodeEndLine(revocation.meshNode)]) {
      if (line !== null) this.screen.line(line);
    }
    return revocation;
  }

  /** Shows what the revocation cuts, and asks for confirmation. Error: UsageError. */
  private async confirm({ id, status, sandboxes, networks }: AgentDto): Promise<void> {
    if (status === 'REVOKED') return;
    this.screen.line(`${id} is ${status}; it is removed from the bus and the mesh for good`);
    if (sandboxes.length > 0)
      this.screen.line(`  sandboxes that it loses, with their connections: ${sandboxes.join(', ')}`);
    if (networks.length > 0) this.screen.line(`  networks: ${networks.map(({ network }) => network).join(', ')}`);
    const line = `gstacks agent revoke ${id} --yes`;
    const unasked = new UsageError('revoking an agent needs confirmation', line, 'NOT_CONFIRMED');
    if (await confirmed(`revoke agent ${id}?`, !this.jsonEnabled(), unasked)) return;
    throw new UsageError('nothing was revoked', line, 'NOT_CONFIRMED');
  }
}
