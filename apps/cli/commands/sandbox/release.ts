import * as Flags from '@oclif/core/flags';
import { releaseSandbox, type SandboxDto, showSandbox } from '#libs/api-client/generated/index.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { sandboxArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { confirmed } from '../../confirm.js';
import { UsageError } from '../../errors/errors.js';
import { EXIT } from '../../errors/exit-codes.js';
import { ago } from '../../output/ago.js';
import { conflictLines } from '../../sandboxes/placement-text.js';
import { idempotencyKeyFlag, writeHeaders } from '../../write-command.js';

export default class SandboxRelease extends GstacksCommand {
  static override summary = 'Take a sandbox from an agent that no longer answers, so that another agent can hold it';
  static override description =
    'First shows what that cuts and which agent holds the sandbox next. Its networks, aliases and rules stay. An ' +
    'agent in contact releases a sandbox automatically when it ends there.';
  static override examples = [
    '<%= config.bin %> sandbox release sbx-api',
    '<%= config.bin %> sandbox release sbx-api --yes',
  ];
  static override args = { 'sandbox-id': sandboxArgument };
  static override flags = {
    yes: Flags.boolean({ description: 'release it without asking' }),
    'idempotency-key': idempotencyKeyFlag,
  };

  async run() {
    const { args, flags } = await this.parse(SandboxRelease);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const headers = writeHeaders(flags);
    const { client } = await this.connect(flags);
    const sandbox = await showSandbox({ client, path: { sandboxId } });
    const { agentId } = sandbox;
    if (agentId !== null) this.tell(sandbox, agentId);
    if (agentId !== null && !flags.yes && !(await this.isConfirmed(sandboxId, agentId))) {
      this.screen.line('nothing was released');
      process.exitCode = EXIT.usage;
      return { sandbox, released: null };
    }
    const body = agentId === null ? {} : { agentId };
    const released = await releaseSandbox({ client, headers, path: { sandboxId }, body });
    this.screen.line(
      released.changed
        ? `${sandboxId} is released from ${agentId}; see who has it: gstacks sandbox show ${sandboxId}`
        : `${sandboxId} was released already: ${released.result.agentId ?? 'no agent'} has it`,
    );
    return { sandbox, released };
  }

  private tell(sandbox: SandboxDto, agentId: string): void {
    const { id, status, lastKnown, networks, conflicts, pinnedTo } = sandbox;
    const silent = lastKnown === null ? '' : `, which was heard ${ago(lastKnown.secondsAgo)}`;
    this.screen.line(`${id} is ${status} on ${agentId}${silent}`);
    for (const { network, aliases } of networks) {
      const names = aliases.map(({ name }) => name).join(', ');
      this.screen.line(
        `  ${network}: its open connections are cut${names === '' ? '' : `; ${names} cannot be reached`}`,
      );
    }
    const next = conflicts.map((conflict) => conflict.agentId).filter((one) => pinnedTo === null || one === pinnedTo);
    if (next.length > 0) this.screen.line(`  until the next agent has it, at once: ${next.join(', ')}`);
    else this.screen.line(`  until ${pinnedTo ?? 'an agent'} reports it`);
    for (const line of conflictLines({ conflicts: pinnedTo === null ? [] : conflicts })) this.screen.line(`  ${line}`);
    if (status === 'UNKNOWN') {
      this.screen.line(
        `  ${agentId} is not in contact and cannot be told: its connections go on until it is in contact again,`,
        'bad',
      );
      this.screen.line("  or until its version is older than the network's max staleness", 'bad');
    }
  }

  private isConfirmed(sandboxId: string, agentId: string): Promise<boolean> {
    const unasked = new UsageError(
      'releasing a sandbox needs confirmation',
      `gstacks sandbox release ${sandboxId} --yes`,
      'NOT_CONFIRMED',
    );
    return confirmed(`release ${sandboxId} from ${agentId}?`, !this.jsonEnabled(), unasked);
  }
}
