import { networkArgument } from '../../../arguments.js';
import { RuleCommand, ruleFlags, SELECTORS } from '../../../rule-command.js';

export default class PolicyDeny extends RuleCommand {
  static override summary = 'Deny traffic from a selector to one alias and port; a deny beats every allow';
  static override description = SELECTORS;
  static override examples = [
    '<%= config.bin %> network policy deny dev --from local --to api --port 8080',
    '<%= config.bin %> network policy deny dev --from label:tier=web --to api --port 8080 --wait',
    '<%= config.bin %> network policy deny dev --from web --from worker --to api --port 8080 --port 9090',
  ];
  static override args = { network: networkArgument };
  static override flags = ruleFlags;

  async run() {
    const { args, flags } = await this.parse(PolicyDeny);
    return this.addRules('deny', args.network, flags);
  }
}
