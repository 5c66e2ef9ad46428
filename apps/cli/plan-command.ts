import {
  type PreviewDto,
  type PreviewRequestDto,
  previewWrite,
  type RuleChangeDto,
} from '#libs/api-client/generated/index.js';
import type { Effect } from '#libs/contracts/rules.js';
import { type ConnectionFlags, GstacksCommand } from './command.js';
import { showPreview } from './declaration/preview-text.js';
import { rulesAsked } from './rule-command.js';
import { type EndFlags, endOf } from './rule-end.js';
import { shellLine } from './shell-line.js';
import { overrideFlag, testsHeader } from './write-command.js';

interface PlanFlags extends ConnectionFlags {
  readonly override?: boolean;
}

/** Of each plan whose write policy tests may refuse. */
export const planFlags = { override: overrideFlag };

/** A command that says what a write would do, and writes nothing. It takes the words of the write's own command. */
export abstract class PlanCommand extends GstacksCommand {
  /** `command`: the one that does what was previewed. */
  protected async planned(
    flags: PlanFlags,
    networkName: string,
    body: PreviewRequestDto,
    command: (preview: PreviewDto) => string,
  ) {
    const network = this.networkOf(networkName);
    const { client } = await this.connect(flags);
    const preview = await previewWrite({ client, headers: testsHeader(flags), path: { network }, body });
    if (preview.changed) {
      showPreview(this.screen, preview);
      for (const rule of preview.rules) this.screen.line(ruleLine(rule));
      this.screen.line(`to do exactly this: ${command(preview)}`);
    } else {
      const since = preview.unchangedSince === null ? '' : ` since version ${preview.unchangedSince}`;
      this.screen.line(`already so${since}`);
    }
    return preview;
  }

  /** `write`: the command that would be run, such as `network attach`. */
  protected plan(flags: PlanFlags, networkName: string, write: string, body: PreviewRequestDto) {
    const words = this.argv.filter((word) => word !== '--json');
    return this.planned(
      flags,
      networkName,
      body,
      ({ version }) => `gstacks ${write} ${shellLine(words)} --if-match ${version}`,
    );
  }

  protected planRules(
    effect: Effect,
    network: string,
    flags: PlanFlags & Parameters<typeof rulesAsked>[0] & EndFlags,
    write: string,
  ) {
    const { sources, to, ports, force } = rulesAsked(flags);
    const body = { kind: 'add-rules', effect, from: sources, to, ports, ...force, ...endOf(flags) } as const;
    return this.plan(flags, network, write, body);
  }
}

/** What becomes of a rule that is there. */
function ruleLine({ ruleId, before, after }: RuleChangeDto): string {
  const [was, is] = [before, after].map((idle) => (idle === null ? 'in effect' : `idle (${idle})`));
  return `${ruleId}: ${was} now, then ${is}`;
}
