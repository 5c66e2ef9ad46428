import { parseSandboxId } from '#libs/contracts/ids.js';
import { networkArgument, sandboxArgument } from '../../../../arguments.js';
import { parseLabelChanges } from '../../../../label-changes.js';
import { PlanCommand } from '../../../../plan-command.js';
import { shellLine } from '../../../../shell-line.js';

/** Labels are written whatever policy tests say. */
export default class PlanLabel extends PlanCommand {
  static override summary = 'Say what other labels of a sandbox would change and cut in a network, and write nothing';
  static override usage = 'network policy plan label NETWORK SANDBOX-ID KEY=VALUE... [KEY-...]';
  static override description =
    'KEY=VALUE sets a label, KEY- removes one. A label is changed in every network that the sandbox is attached to.';
  static override examples = ['<%= config.bin %> network policy plan label dev sbx-web tier=edge team-'];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument };
  static override strict = false;

  async run() {
    const { args, argv, flags } = await this.parse(PlanLabel);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const labels = argv.slice(2).map(String);
    const body = { kind: 'label', sandboxId, ...parseLabelChanges(labels) } as const;
    return this.planned(flags, args.network, body, () => `gstacks sandbox label ${sandboxId} ${shellLine(labels)}`);
  }
}
