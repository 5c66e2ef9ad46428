import { removeRule } from '#libs/api-client/generated/index.js';
import { parseRuleReference } from '#libs/contracts/ids.js';
import { ruleText } from '#libs/contracts/rules.js';
import { networkArgument, ruleArgument } from '../../../arguments.js';
import { WriteCommand } from '../../../write-command.js';

export default class PolicyRemove extends WriteCommand {
  static override summary = 'Remove a rule';
  static override examples = ['<%= config.bin %> network policy remove dev rule-4f9c21ab --wait'];
  static override args = { network: networkArgument, 'rule-id': ruleArgument };

  async run() {
    const { args, flags } = await this.parse(PolicyRemove);
    const network = this.networkOf(args.network);
    const ruleId = parseRuleReference(args['rule-id'], 'rule-id');
    return this.write(
      flags,
      ({ client }, headers) => removeRule({ client, headers, path: { network, ruleId } }),
      ({ version, result }) => this.screen.line(`${result.id} removed: ${ruleText(result)} (version ${version})`),
    );
  }
}
