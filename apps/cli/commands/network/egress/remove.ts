import { removeEgressRule } from '#libs/api-client/generated/index.js';
import { egressRuleText } from '#libs/contracts/egress-rules.js';
import { parseRuleReference } from '#libs/contracts/ids.js';
import { networkArgument, ruleArgument } from '../../../arguments.js';
import { WriteCommand } from '../../../write-command.js';

export default class EgressRemove extends WriteCommand {
  static override summary = 'Remove a rule about a name outside';
  static override examples = ['<%= config.bin %> network egress remove dev rule-4f9c21ab --wait'];
  static override args = { network: networkArgument, 'rule-id': ruleArgument };

  async run() {
    const { args, flags } = await this.parse(EgressRemove);
    const network = this.networkOf(args.network);
    const ruleId = parseRuleReference(args['rule-id'], 'rule-id');
    return this.write(
      flags,
      ({ client }, headers) => removeEgressRule({ client, headers, path: { network, ruleId } }),
      ({ version, result }) => this.screen.line(`${result.id} removed: ${egressRuleText(result)} (version ${version})`),
    );
  }
}
