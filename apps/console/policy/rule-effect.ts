import type { FlowPair, IdleReason, Rule, RuleEffect, RuleShare } from '../api/shapes.js';
import { type Phrase, type Piece, phrase, rule, typed } from '../vocabulary/phrase.js';
import { counted } from '../vocabulary/times.js';

/**
 * What a rule does now. `fault`: it does nothing because something is missing. `idle`: it does nothing because another
 * rule decides, which somebody may have meant.
 */
export interface EffectText {
  readonly kind: 'decides' | 'idle' | 'fault';
  readonly text: Phrase;
}

/** `4f9c21ab` of `rule-4f9c21ab7d03e915`, as the tables show it. */
export function shortId(ruleId: string): string {
  return ruleId.replace(/^rule-/, '').slice(0, 8);
}

const IDLE: { readonly [reason in IdleReason]: Pick<EffectText, 'kind'> & { readonly text: (of: Rule) => Phrase } } = {
  NO_ALIAS: { kind: 'fault', text: ({ to }) => phrase`no alias ${typed(to)} in this network` },
  NO_PORT: { kind: 'fault', text: ({ to, port }) => phrase`${typed(to)} does not publish ${typed(port)}` },
  NO_SOURCE: { kind: 'fault', text: ({ from }) => phrase`nobody here is ${typed(from)}` },
  OVERRIDDEN: { kind: 'idle', text: () => ['denials cover everyone it allows'] },
  REPEATED: { kind: 'idle', text: () => ['another rule says the same'] },
  ENDED: { kind: 'idle', text: () => ['its time is over'] },
  NO_ALLOW: { kind: 'idle', text: () => ['no allow matches it; it holds for rules to come'] },
};

/** From what `evaluate` makes of all rules together, and the connections that agents count. */
export function effectText(
  of: Rule,
  effect: RuleEffect | undefined,
  pairs: readonly FlowPair[] | undefined,
  isLive: boolean,
): EffectText {
  if (effect === undefined) return { kind: 'decides', text: [] };
  if (effect.idle !== null) {
    const { kind, text } = IDLE[effect.idle];
    const [by, ...more] = effect.overriddenBy;
    if (effect.idle !== 'OVERRIDDEN' || by === undefined) return { kind, text: text(of) };
    return { kind, text: phrase`${rule(by.ruleId)}${andMore(more)} ${more.length > 0 ? 'deny' : 'denies'} the same` };
  }
  const said = [beats(effect.overrides), overridden(effect), open(of, pairs, isLive)].filter((part) => part !== null);
  if (said.length === 0) return { kind: 'decides', text: [`Decides for ${counted(effect.decides, 'source')}`] };
  return { kind: 'decides', text: said.flatMap((part, place): Phrase => (place === 0 ? part : ['; ', ...part])) };
}

const andMore = (more: readonly RuleShare[]): Piece => (more.length > 0 ? ` and ${more.length} more` : '');

function beats([first, ...more]: readonly RuleShare[]): Phrase | null {
  if (first === undefined) return null;
  return phrase`Beats ${rule(first.ruleId)}${andMore(more)} for ${counted(first.sources, 'source')}`;
}

function overridden({ overriddenBy: [first, ...more], sources }: RuleEffect): Phrase | null {
  if (first === undefined) return null;
  return phrase`Overridden by ${rule(first.ruleId)}${andMore(more)} for ${first.sources} of ${sources}`;
}

function open({ id }: Rule, pairs: readonly FlowPair[] | undefined, isLive: boolean): Phrase | null {
  if (pairs === undefined) return null;
  const count = pairs.filter(({ ruleId }) => ruleId === id).reduce((sum, pair) => sum + pair.open, 0);
  return count === 0 ? null : [`${isLive ? '' : 'had '}${counted(count, 'open connection')}`];
}
