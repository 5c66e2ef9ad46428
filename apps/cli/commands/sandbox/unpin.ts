import { unpinSandbox } from '#libs/api-client/generated/index.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { sandboxArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { idempotencyKeyFlag, writeHeaders } from '../../write-command.js';

export default class SandboxUnpin extends GstacksCommand {
  static override summary = 'Let a sandbox move again: to the first agent that reports it once its own has let go';
  static override examples = ['<%= config.bin %> sandbox unpin sbx-api'];
  static override args = { 'sandbox-id': sandboxArgument };
  static override flags = { 'idempotency-key': idempotencyKeyFlag };

  async run() {
    const { args, flags } = await this.parse(SandboxUnpin);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const headers = writeHeaders(flags);
    const { client } = await this.connect(flags);
    const write = await unpinSandbox({ client, headers, path: { sandboxId } });
    const since = write.changed ? '' : `, since version ${write.unchangedSince} of the sandbox`;
    this.screen.line(`${sandboxId} is ${write.changed ? 'no longer pinned' : 'not pinned'}${since}`);
    return write;
  }
}
