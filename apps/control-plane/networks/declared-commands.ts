import { Inject, Injectable } from '@nestjs/common';
import type { ApplyDeclarationDto } from '#libs/contracts/http/declarations.js';
import { refusePublicSuffix } from '#libs/contracts/http/egress.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { unusableAgent } from '#libs/domain/agent/decide.js';
import type { NetworkCommandOf, NewEgressRule } from '#libs/domain/network/commands.js';
import { DeclaredItemError } from '#libs/domain/network/refusals.js';
import { textOfEgressRule } from '#libs/domain/network/rule-identity.js';
import type { Topology } from '#libs/policy/model.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { StreamStates } from '../record/stream-states.js';
import { meantSandbox } from './meant-sandbox.js';
import { newRuleId } from './new-rule-id.js';

/** A declaration as the command that the domain decides. */
@Injectable()
export class DeclaredCommands {
  constructor(
    private readonly states: StreamStates,
    private readonly directory: Directory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `network`: as it is, so that no more is looked up than what is new in it. Error: DeclaredItemError. */
  async commandOf(
    { sandboxes = [], rules = [], egress = [], prune = false }: ApplyDeclarationDto,
    network: Topology | null,
  ): Promise<NetworkCommandOf<'ApplyDeclaration'>> {
    const present = new Set([...(network?.egressRules.values() ?? [])].map(textOfEgressRule));
    return {
      kind: 'ApplyDeclaration',
      prune,
      sandboxes: await Promise.all(
        sandboxes.map(async ({ sandbox: sandboxId, aliases }) => {
          const isAttached = network?.sandboxes.has(sandboxId) ?? false;
          return { sandboxId, aliases, sandbox: isAttached ? null : (await this.states.sandbox(sandboxId)).state };
        }),
      ),
      rules: rules.map((rule) => this.newRule(rule)),
      egress: egress.map((declared, index) => {
        const rule = this.newRule(declared);
        if (!present.has(textOfEgressRule(rule))) this.refuseUnusable(rule, `egress[${index}]`);
        return rule;
      }),
    };
  }

  private newRule<Declared extends { readonly from: string }>(declared: Declared) {
    const from = parseSelector(declared.from, 'from');
    const lasting = { until: null, now: this.clock() };
    return {
      ...declared,
      from,
      ...lasting,
      ruleId: newRuleId(),
      meantSandbox: meantSandbox(from, false, this.directory),
    };
  }

  /** What a rule of its own would be refused for before it is decided. */
  private refuseUnusable({ effect, to, via }: Pick<NewEgressRule, 'effect' | 'to' | 'via'>, path: string): void {
    if (effect === 'allow') refusePublicSuffix(to, `${path}.to`);
    const unusable = via === null ? null : unusableAgent(via, this.directory.agent(via)?.state ?? null, 'via');
    if (unusable !== null) throw new DeclaredItemError(path, unusable);
  }
}
