import * as Flags from '@oclif/core/flags';
import { testConnection } from '#libs/api-client/generated/index.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { networkArgument, required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { parseTestDestination } from '../../diagnostics/destination.js';
import { EXPECTATIONS, judge } from '../../diagnostics/judge.js';
import { showTest } from '../../diagnostics/test-text.js';
import { SELECTORS } from '../../rule-command.js';

/** Before it answers, the control plane asks agents and local nodes, and waits for silent ones. */
const ANSWER_SECONDS = 15;

export default class NetworkTest extends GstacksCommand {
  static override summary = 'Test policy and route state from a selector to an alias or a name outside, and a port';
  static override description = SELECTORS;
  static override examples = [
    '<%= config.bin %> network test dev local api:8080',
    '<%= config.bin %> network test dev sandbox:sbx-web api:8080 --expect deny',
    '<%= config.bin %> network test dev web packages.example.com:443',
  ];
  static override args = {
    network: networkArgument,
    from: required('selector of the source'),
    to: required('alias or name outside, and port, such as api:8080'),
  };
  static override flags = {
    expect: Flags.string({ description: 'exit 0 only for this verdict: allow or deny', helpValue: '<effect>' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkTest);
    const network = this.networkOf(args.network);
    const from = parseSelectorText(args.from, 'from');
    const to = parseTestDestination(args.to, 'to');
    const expected = flags.expect === undefined ? null : wordOf(EXPECTATIONS)(flags.expect, '--expect');
    const { client } = await this.connect(flags, ANSWER_SECONDS);
    const result = await testConnection({ client, path: { network }, body: { from, ...to } });
    const judgement = judge(result, expected);
    showTest(this.screen, { network, from, to }, result, judgement, Date.now());
    process.exitCode = judgement.exitCode;
    return result;
  }
}
