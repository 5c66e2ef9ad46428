import { networkArgument } from '../../../arguments.js';
import { RuleCommand, ruleFlags, SELECTORS } from '../../../rule-command.js';

export default class PolicyAllow extends RuleCommand {
  static override summary = 'Allow traffic from a selector to one alias and port';
  static override description = SELECTORS;
  static override examples = [
    '<%= config.bin %> network policy allow dev --from local --to api --port 8080',
    '<%= config.bin %> network policy allow dev --from label:tier=web --to api --port 8080 --wait',
    '<%= config.bin %> network policy allow dev --from local:ada --to postgres --port 5432 --for 2h',
    '<%= config.bin %> network policy allow dev --from web --from worker --to api --port 8080 --port 9090',
  ];
  static override args = { network: networkArgument };
  static override flags = ruleFlags;

  async run() {
    const { args, flags } = await this.parse(PolicyAllow);
    return this.addRules('allow', args.network, flags);
  }
}
