import type { FlowPair, IdleReason, Rule, RuleEffect, RuleShare } from '../api/shapes.js';
import { counted } from '../vocabulary/times.js';

/** What a rule does now, as a sentence; `isIdle` when it does nothing that another rule does not do. */
export interface EffectText {
  readonly isIdle: boolean;
  readonly text: string;
}

/** `4f9c21ab` of `rule-4f9c21ab`, as the tables show it. */
export function shortId(ruleId: string): string {
  return ruleId.replace(/^rule-/, '');
}

const IDLE: { readonly [reason in IdleReason]: (rule: Rule) => string } = {
  NO_ALIAS: ({ to }) => `no alias ${to} in this network`,
  NO_PORT: ({ to, port }) => `${to} does not publish ${port}`,
  NO_SOURCE: ({ from }) => `nobody here is ${from}`,
  OVERRIDDEN: () => 'a deny covers everyone it allows',
  REPEATED: () => 'another rule says the same',
  NO_ALLOW: () => 'no allow matches it; it holds for rules to come',
};

/** From what `evaluate` makes of all rules together, and the connections that agents count. */
export function effectText(
  rule: Rule,
  effect: RuleEffect | undefined,
  pairs: readonly FlowPair[] | undefined,
): EffectText {
  if (effect === undefined) return { isIdle: false, text: '' };
  if (effect.idle !== null) {
    const by = effect.overriddenBy.map(({ ruleId }) => shortId(ruleId));
    const because =
      effect.idle === 'OVERRIDDEN' && by.length > 0 ? `${by.join(', ')} denies the same` : IDLE[effect.idle](rule);
    return { isIdle: true, text: because };
  }
  const parts = [sharesText('Beats', effect.overrides), overriddenText(effect), openText(rule, pairs)];
  const said = parts.filter((part) => part !== null);
  return { isIdle: false, text: said.length === 0 ? decidesText(effect) : said.join('; ') };
}

function sharesText(verb: string, shares: readonly RuleShare[]): string | null {
  const [first] = shares;
  if (first === undefined) return null;
  const more = shares.length > 1 ? ` and ${shares.length - 1} more` : '';
  return `${verb} ${shortId(first.ruleId)}${more} for ${counted(first.sources, 'source')}`;
}

function overriddenText({ overriddenBy, sources }: RuleEffect): string | null {
  const [first] = overriddenBy;
  if (first === undefined) return null;
  return `Overridden by ${shortId(first.ruleId)} for ${first.sources} of ${sources}`;
}

function openText({ id }: Rule, pairs: readonly FlowPair[] | undefined): string | null {
  if (pairs === undefined) return null;
  const open = pairs.filter(({ ruleId }) => ruleId === id).reduce((sum, pair) => sum + pair.open, 0);
  return open === 0 ? null : counted(open, 'open connection');
}

function decidesText({ decides }: RuleEffect): string {
  return `Decides for ${counted(decides, 'source')}`;
}
