import type { Client } from '#libs/api-client/generated/client/index.js';
import { createEnrollmentToken, showAgent } from '#libs/api-client/generated/index.js';
import { enrollmentLine } from '#libs/contracts/enrollment-line.js';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { agentArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { ApiError } from '../../errors/errors.js';
import { timeText } from '../../output/time-text.js';

export default class AgentEnroll extends GstacksCommand {
  static override summary = 'Make a one-time token, and print the line that enrols a host with it';
  static override description = 'The token is shown once, works once, for this name, and ends soon.';
  static override examples = ['<%= config.bin %> agent enroll host-c'];
  static override args = { agent: agentArgument };

  async run() {
    const { args, flags } = await this.parse(AgentEnroll);
    const name = parseAgentId(args.agent, 'agent');
    const { client, context } = await this.connect(flags);
    const status = await statusOf(client, name);
    const enrollment = await createEnrollmentToken({ client, body: { name } });
    if (status !== null && status !== 'REVOKED') {
      this.screen.line(`${name} is already enrolled and is ${status}: the token works only for the keys that it has.`);
      this.screen.line(`For a host with other keys, revoke it first: gstacks agent revoke ${name}`, 'bad');
      this.screen.line('');
    }
    this.screen.line(`On ${name}'s host, as root, before ${timeText(enrollment.expiresAt)}:`);
    this.screen.line('');
    this.screen.line(`  ${enrollmentLine(enrollment, context.url)}`);
    this.screen.line('');
    this.screen.line('then: gstacks agent list');
    return enrollment;
  }
}

/** null: there is no agent with this name. */
async function statusOf(client: Client, agentId: AgentId): Promise<string | null> {
  try {
    return (await showAgent({ client, path: { agentId } })).status;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
