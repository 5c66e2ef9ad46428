import * as Flags from '@oclif/core/flags';
import { testConnection } from '#libs/api-client/generated/index.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { networkArgument, required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { parseTestDestination } from '../../diagnostics/destination.js';
import { EXPECTATIONS, judge } from '../../diagnostics/judge.js';
import { missText, verdictLine, whoAtWhichEnd } from '../../diagnostics/verdict-text.js';
import { EXIT } from '../../errors/exit-codes.js';
import { SELECTORS } from '../../rule-command.js';

/** The control plane asks agents and local nodes before it answers, and waits for the silent ones. */
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
    expect: Flags.string({ description: 'exit 0 only if this is so: allow or deny', helpValue: '<effect>' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkTest);
    const network = this.networkOf(args.network);
    const from = parseSelectorText(args.from, 'from');
    const to = parseTestDestination(args.to, 'to');
    const expected = flags.expect === undefined ? null : wordOf(EXPECTATIONS)(flags.expect, '--expect');
    const { client } = await this.connect(flags, ANSWER_SECONDS);
    const result = await testConnection({ client, path: { network }, body: { from, ...to } });
    const { verdict, checks, firstFailure } = result;
    const judgement = judge(result, expected);
    this.screen.line(verdictLine(verdict, from, to), verdict.effect === 'allow' ? 'good' : 'bad');
    this.screen.line(
      `reason: ${verdict.reason}${verdict.ruleId === null ? '' : `, ${verdict.ruleId}`}; version ${verdict.version}`,
    );
    for (const miss of verdict.nearMisses) this.screen.line(`near miss: ${missText(miss, to)}`);
    for (const member of verdict.members) {
      this.screen.line(
        `member: ${member.source} ${member.effect} (${member.reason}${member.ruleId === null ? '' : `, ${member.ruleId}`})`,
      );
    }
    this.screen.line('');
    this.screen.table(checks, [
      { heading: 'ASKED', cell: whoAtWhichEnd },
      { heading: 'CHECK', cell: ({ code }) => code },
      { heading: 'STATUS', cell: ({ status }) => status },
      { heading: 'EVIDENCE', cell: ({ evidence }) => evidence },
      { heading: 'REMEDY', cell: ({ remedy }) => remedy },
    ]);
    this.screen.line('');
    // A denial that was expected is nothing to mend.
    if (firstFailure !== null && judgement.exitCode !== EXIT.ok) {
      this.screen.line(
        `first failure: ${whoAtWhichEnd(firstFailure) ?? 'control plane'} ${firstFailure.code}: ${firstFailure.evidence}`,
        'bad',
      );
      if (firstFailure.remedy !== null) this.screen.line(`  try: ${firstFailure.remedy}`);
    }
    this.screen.line(judgement.summary, judgement.exitCode === 0 ? 'good' : 'bad');
    process.exitCode = judgement.exitCode;
    return result;
  }
}
