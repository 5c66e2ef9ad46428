import * as Flags from '@oclif/core/flags';
import { type ExplanationDto, explainVerdict } from '#libs/api-client/generated/index.js';
import { MOMENT_FORMS, momentOf } from '#libs/contracts/moment-texts.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { networkArgument, required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { type Destination, parseTestDestination } from '../../diagnostics/destination.js';
import { missText, reasonText } from '../../diagnostics/verdict-text.js';
import { madeText, versionText } from '../../history/history-text.js';
import { timeText } from '../../output/time-text.js';
import { SELECTORS } from '../../rule-command.js';

export default class NetworkExplain extends GstacksCommand {
  static override summary = 'Explain what was decided at a moment: by which rule, made by whom, and applied where';
  static override description = `This is answered from the log; no agent is asked. ${SELECTORS}`;
  static override examples = [
    '<%= config.bin %> network explain dev web api:8080',
    '<%= config.bin %> network explain dev web api:8080 --at 4',
    '<%= config.bin %> network explain dev sandbox:sbx-web api:8080 --at 2026-01-31T10:00:00Z',
  ];
  static override args = {
    network: networkArgument,
    from: required('selector of the source'),
    to: required('alias or name outside, and port, such as api:8080'),
  };
  static override flags = {
    at: Flags.string({ description: `${MOMENT_FORMS}; without it, now`, helpValue: '<moment>' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkExplain);
    const network = this.networkOf(args.network);
    const from = parseSelectorText(args.from, 'from');
    const to = parseTestDestination(args.to, 'to');
    const at = flags.at === undefined ? {} : { at: momentOf(flags.at, '--at', Date.now()) };
    const { client } = await this.connect(flags);
    const explanation = await explainVerdict({ client, path: { network }, query: { from, ...to, ...at } });
    this.show(explanation, from, to);
    return explanation;
  }

  private show(explanation: ExplanationDto, from: string, to: Destination<string>): void {
    const { verdict, rule, remedy, at, agents, appliedBy } = explanation;
    this.screen.line(
      `${verdict.effect}: ${from} -> ${to.alias}:${to.port}`,
      verdict.effect === 'allow' ? 'good' : 'bad',
    );
    this.screen.line(`  at ${versionText(at)}`);
    if (rule === null) this.screen.line(`  because ${reasonText(verdict, to)}`);
    else {
      this.screen.line(`  because ${rule.ruleId}: ${rule.text}`);
      this.screen.line(`  made in ${madeText(rule.made)}`);
    }
    for (const miss of verdict.nearMisses) this.screen.line(`  near miss: ${missText(miss, to)}`);
    for (const { source, effect, reason, ruleId } of verdict.members) {
      this.screen.line(`  ${source}: ${effect} (${reason}${ruleId === null ? '' : `, ${ruleId}`})`);
    }
    if (remedy !== null) this.screen.advice(rule?.text.startsWith('deny ') ? '  undo ' : '  try  ', remedy);
    this.screen.line('');
    if (agents.length === 0) {
      this.screen.line('no agent held the source or the target then');
      return;
    }
    this.screen.line(`what the agents had applied by ${timeText(appliedBy)}:`);
    this.screen.table(agents, [
      { heading: 'AGENT', cell: ({ agentId }) => agentId },
      { heading: 'END', cell: ({ roles }) => roles.join(', ') },
      { heading: 'VERSION', cell: ({ version }) => version },
      { heading: 'SINCE', cell: ({ appliedAt }) => (appliedAt === null ? null : timeText(appliedAt)) },
      { heading: 'DECIDED', cell: ({ effect }) => effect ?? 'deny (nothing applied)' },
    ]);
  }
}
