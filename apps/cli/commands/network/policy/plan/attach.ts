import { parseSandboxId } from '#libs/contracts/ids.js';
import { networkArgument, sandboxArgument } from '../../../../arguments.js';
import { PlanCommand, planFlags } from '../../../../plan-command.js';
import { attachBody, attachFlags } from '../../../../publication.js';

export default class PlanAttach extends PlanCommand {
  static override summary = 'Say what attaching a sandbox would change and cut, and write nothing';
  static override examples = ['<%= config.bin %> network policy plan attach dev sbx-api --alias api --port 8080'];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument };
  static override flags = { ...attachFlags, ...planFlags };

  async run() {
    const { args, flags } = await this.parse(PlanAttach);
    const body = attachBody(parseSandboxId(args['sandbox-id'], 'sandbox-id'), flags);
    return this.plan(flags, args.network, 'network attach', { kind: 'attach', ...body });
  }
}
