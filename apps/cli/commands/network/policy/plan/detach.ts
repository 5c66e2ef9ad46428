import { parseSandboxId } from '#libs/contracts/ids.js';
import { networkArgument, sandboxArgument } from '../../../../arguments.js';
import { PlanCommand, planFlags } from '../../../../plan-command.js';

export default class PlanDetach extends PlanCommand {
  static override summary = 'Say what detaching a sandbox would change and cut, and write nothing';
  static override examples = ['<%= config.bin %> network policy plan detach dev sbx-api'];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument };
  static override flags = planFlags;

  async run() {
    const { args, flags } = await this.parse(PlanDetach);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    return this.plan(flags, args.network, 'network detach', { kind: 'detach', sandboxId });
  }
}
