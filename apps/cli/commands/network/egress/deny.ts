import { networkArgument } from '../../../arguments.js';
import { EgressCommand, egressFlags } from '../../../egress-command.js';
import { SELECTORS } from '../../../rule-command.js';

export default class EgressDeny extends EgressCommand {
  static override summary = 'Deny sandboxes a name outside, on one TCP port; a deny beats every allow';
  static override description = SELECTORS;
  static override examples = [
    '<%= config.bin %> network egress deny dev --from any --to packages.example.com:443 --wait',
  ];
  static override args = { network: networkArgument };
  static override flags = egressFlags;

  async run() {
    const { args, flags } = await this.parse(EgressDeny);
    return this.addEgressRule('deny', args.network, flags);
  }
}
