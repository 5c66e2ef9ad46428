import { networkArgument } from '../../../../../arguments.js';
import { egressFlags, egressRuleAsked } from '../../../../../egress-command.js';
import { PlanCommand, planFlags } from '../../../../../plan-command.js';
import { SELECTORS } from '../../../../../rule-command.js';

export default class PlanEgressDeny extends PlanCommand {
  static override summary = 'Say what a rule that denies a name outside would change and cut, and write nothing';
  static override description = SELECTORS;
  static override examples = [
    '<%= config.bin %> network policy plan egress deny dev --from any --to packages.example.com:443',
  ];
  static override args = { network: networkArgument };
  static override flags = { ...egressFlags, ...planFlags };

  async run() {
    const { args, flags } = await this.parse(PlanEgressDeny);
    const body = { kind: 'add-egress-rule', effect: 'deny', ...egressRuleAsked(flags) } as const;
    return this.plan(flags, args.network, 'network egress deny', body);
  }
}
