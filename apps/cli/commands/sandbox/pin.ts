import * as Flags from '@oclif/core/flags';
import { pinSandbox } from '#libs/api-client/generated/index.js';
import { parseAgentId, parseSandboxId } from '#libs/contracts/ids.js';
import { sandboxArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { idempotencyKeyFlag, writeHeaders } from '../../write-command.js';

export default class SandboxPin extends GstacksCommand {
  static override summary = 'Let one agent alone place a sandbox: it does not move';
  static override description =
    'Without --to it is pinned to the agent that has it. With --to another agent, the one that has it keeps it until it lets go. Other agents that report it are shown as conflicts (SANDBOX_PINNED).';
  static override examples = [
    '<%= config.bin %> sandbox pin sbx-api',
    '<%= config.bin %> sandbox pin sbx-api --to host-b',
  ];
  static override args = { 'sandbox-id': sandboxArgument };
  static override flags = {
    to: Flags.string({ description: 'the only agent that may place it', helpValue: '<agent>' }),
    'idempotency-key': idempotencyKeyFlag,
  };

  async run() {
    const { args, flags } = await this.parse(SandboxPin);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const body = flags.to === undefined ? {} : { agentId: parseAgentId(flags.to, '--to') };
    const headers = writeHeaders(flags);
    const { client } = await this.connect(flags);
    const write = await pinSandbox({ client, headers, path: { sandboxId }, body });
    const { agentId, pinnedTo } = write.result;
    const since = write.changed ? '' : ` already, since version ${write.unchangedSince} of the sandbox`;
    this.screen.line(`${sandboxId} is pinned to ${pinnedTo}${since}`);
    if (agentId !== null && agentId !== pinnedTo) {
      this.screen.line(`${agentId} keeps it until it is gone there; after that only ${pinnedTo} may have it`);
    }
    return write;
  }
}
