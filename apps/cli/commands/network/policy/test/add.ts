import { addPolicyTest } from '#libs/api-client/generated/index.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { policyTestText } from '#libs/contracts/policy-tests.js';
import { EFFECTS } from '#libs/contracts/rules.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { networkArgument, required } from '../../../../arguments.js';
import { parseDestination } from '../../../../diagnostics/destination.js';
import { SELECTORS } from '../../../../rule-command.js';
import { addedLine, WriteCommand } from '../../../../write-command.js';

export default class PolicyTestAdd extends WriteCommand {
  static override summary = 'Keep a verdict: writes on the network that change it are refused';
  static override description = SELECTORS;
  static override examples = ['<%= config.bin %> network policy test add dev web api:8080 allow'];
  static override args = {
    network: networkArgument,
    from: required('selector of the source'),
    to: required('alias and port, such as api:8080'),
    effect: required('the verdict to keep: allow or deny'),
  };

  async run() {
    const { args, flags } = await this.parse(PolicyTestAdd);
    const network = this.networkOf(args.network);
    const { alias: to, port } = parseDestination(args.to, 'to');
    const effect = wordOf(EFFECTS)(args.effect, 'effect');
    const body = { from: parseSelectorText(args.from, 'from'), to, port, effect };
    return this.write(
      flags,
      ({ client }, headers) => addPolicyTest({ client, headers, path: { network }, body }),
      ({ changed, version, result }) =>
        this.screen.line(addedLine(result.id, policyTestText(result), changed, version)),
    );
  }
}
