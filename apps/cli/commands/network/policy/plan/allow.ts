import { networkArgument } from '../../../../arguments.js';
import { PlanCommand, planFlags } from '../../../../plan-command.js';
import { ruleFlags, SELECTORS } from '../../../../rule-command.js';

export default class PlanAllow extends PlanCommand {
  static override summary = 'Say what a rule that allows would change and cut, and write nothing';
  static override description = SELECTORS;
  static override examples = ['<%= config.bin %> network policy plan allow dev --from web --to api --port 8080'];
  static override args = { network: networkArgument };
  static override flags = { ...ruleFlags, ...planFlags };

  async run() {
    const { args, flags } = await this.parse(PlanAllow);
    return this.planRules('allow', args.network, flags, 'network policy allow');
  }
}
