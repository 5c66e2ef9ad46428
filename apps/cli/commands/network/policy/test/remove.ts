import { removePolicyTest } from '#libs/api-client/generated/index.js';
import { parsePolicyTestId } from '#libs/contracts/ids.js';
import { policyTestText } from '#libs/contracts/policy-tests.js';
import { networkArgument, required } from '../../../../arguments.js';
import { WriteCommand } from '../../../../write-command.js';

export default class PolicyTestRemove extends WriteCommand {
  static override summary = 'Remove a policy test';
  static override examples = ['<%= config.bin %> network policy test remove dev test-4f9c21ab'];
  static override args = { network: networkArgument, 'test-id': required('id of the policy test') };

  async run() {
    const { args, flags } = await this.parse(PolicyTestRemove);
    const network = this.networkOf(args.network);
    const testId = parsePolicyTestId(args['test-id'], 'test-id');
    return this.write(
      flags,
      ({ client }, headers) => removePolicyTest({ client, headers, path: { network, testId } }),
      ({ version, result }) => this.screen.line(`${result.id} removed: ${policyTestText(result)} (version ${version})`),
    );
  }
}
