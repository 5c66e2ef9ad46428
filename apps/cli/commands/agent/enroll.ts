import { createEnrollmentToken, listAgents } from '#libs/api-client/generated/index.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { agentArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { readAll } from '../../list-command.js';

export default class AgentEnroll extends GstacksCommand {
  static override summary = 'Make a one-time token with which an agent enrols';
  static override description = 'The token is shown once, works once, for this name, and ends soon.';
  static override examples = ['<%= config.bin %> agent enroll host-c'];
  static override args = { agent: agentArgument };

  async run() {
    const { args, flags } = await this.parse(AgentEnroll);
    const name = parseAgentId(args.agent, 'agent');
    const { client, context } = await this.connect(flags);
    const enrollment = await createEnrollmentToken({ client, body: { name } });
    const { items } = await readAll((query) => listAgents({ client, query }));
    const known = items.find(({ id, status }) => id === name && status !== 'REVOKED');
    if (known !== undefined) {
      this.screen.line(`${name} is enrolled already and is ${known.status}: the token is good for its own keys alone.`);
      this.screen.line(`For a host with other keys, revoke it first: gstacks agent revoke ${name}`, 'bad');
      this.screen.line('');
    }
    this.screen.line(`token:   ${enrollment.token}`);
    this.screen.line(`expires: ${enrollment.expiresAt}`);
    this.screen.line('');
    this.screen.line(`On ${name}'s host, put the token in a file and start the agent with`);
    this.screen.line(`  GLOBALSTACKS_AGENT_NAME=${name}`);
    this.screen.line(`  GLOBALSTACKS_CONTROL_PLANE_URL=${context.url}`);
    this.screen.line('  GLOBALSTACKS_AGENT_STATE_DIR=<a folder of its own>');
    this.screen.line('  GLOBALSTACKS_AGENT_DRIVER=<docker, link, netns or static: docs/drivers.md says what each needs>');
    this.screen.line('  GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE=<that file>');
    this.screen.line('then: gstacks agent list');
    return enrollment;
  }
}
