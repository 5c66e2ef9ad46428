import type { Rule, RuleEffect } from '../api/shapes.js';

/** Denials first, then rules without effect, then the rest; each in order of id. */
export function rulesByInterest(rules: readonly Rule[], effects: readonly RuleEffect[]): readonly Rule[] {
  const idle = new Set(effects.filter((effect) => effect.idle !== null).map(({ ruleId }) => ruleId));
  const rank = ({ id, effect }: Rule): number => (effect === 'deny' ? 0 : idle.has(id) ? 1 : 2);
  return [...rules].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}
