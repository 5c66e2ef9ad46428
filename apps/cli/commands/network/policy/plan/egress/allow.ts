import { networkArgument } from '../../../../../arguments.js';
import { allowFlags, egressRuleAsked } from '../../../../../egress-command.js';
import { PlanCommand, planFlags } from '../../../../../plan-command.js';
import { SELECTORS } from '../../../../../rule-command.js';

export default class PlanEgressAllow extends PlanCommand {
  static override summary = 'Say what a rule that allows a name outside would change and cut, and write nothing';
  static override description = SELECTORS;
  static override examples = [
    '<%= config.bin %> network policy plan egress allow dev --from web --to packages.example.com:443',
  ];
  static override args = { network: networkArgument };
  static override flags = { ...allowFlags, ...planFlags };

  async run() {
    const { args, flags } = await this.parse(PlanEgressAllow);
    const body = { kind: 'add-egress-rule', effect: 'allow', ...egressRuleAsked(flags) } as const;
    return this.plan(flags, args.network, 'network egress allow', body);
  }
}
