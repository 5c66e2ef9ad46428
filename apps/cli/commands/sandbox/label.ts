import { labelSandbox } from '#libs/api-client/generated/index.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { sandboxArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { parseLabelChanges } from '../../label-changes.js';
import { labelsText } from '../../views.js';
import { idempotencyKeyFlag, writeHeaders } from '../../write-command.js';

export default class SandboxLabel extends GstacksCommand {
  static override summary = 'Set and remove labels of a sandbox';
  static override usage = 'sandbox label SANDBOX-ID KEY=VALUE... [KEY-...]';
  static override description = 'KEY=VALUE sets a label, KEY- removes one. Rules may select sandboxes by label.';
  static override examples = [
    '<%= config.bin %> sandbox label sbx-web tier=web',
    '<%= config.bin %> sandbox label sbx-web tier=edge team-',
  ];
  static override args = { 'sandbox-id': sandboxArgument };
  static override flags = { 'idempotency-key': idempotencyKeyFlag };
  static override strict = false;

  async run() {
    const { args, argv, flags } = await this.parse(SandboxLabel);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const body = parseLabelChanges(argv.slice(1).map(String));
    const headers = writeHeaders(flags);
    const { client } = await this.connect(flags);
    const write = await labelSandbox({ client, headers, path: { sandboxId }, body });
    const { changed, unchangedSince } = write;
    const since = unchangedSince === null ? '' : `, since version ${unchangedSince} of the sandbox`;
    const done = changed ? 'labels are now' : `has these labels already${since}`;
    this.screen.line(`${sandboxId}: ${done}: ${labelsText(write.result.labels) || 'none'}`);
    return write;
  }
}
