import { parseRuleReference } from '#libs/contracts/ids.js';
import { networkArgument, ruleArgument } from '../../../../../arguments.js';
import { PlanCommand, planFlags } from '../../../../../plan-command.js';

export default class PlanEgressRemove extends PlanCommand {
  static override summary = 'Say what removing a rule about a name outside would change and cut, and write nothing';
  static override examples = ['<%= config.bin %> network policy plan egress remove dev rule-4f9c21ab'];
  static override args = { network: networkArgument, 'rule-id': ruleArgument };
  static override flags = planFlags;

  async run() {
    const { args, flags } = await this.parse(PlanEgressRemove);
    const ruleId = parseRuleReference(args['rule-id'], 'rule-id');
    return this.plan(flags, args.network, 'network egress remove', { kind: 'remove-egress-rule', ruleId });
  }
}
