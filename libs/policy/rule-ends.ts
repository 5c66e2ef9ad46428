import type { RuleId } from '#libs/contracts/ids.js';
import type { EgressRule, Rule } from './model.js';

/** When allows end, in milliseconds since 1970. */
export type RuleEnds = ReadonlyMap<RuleId, number>;

/** Before any rule's end: for what is decided about a version, whatever the time. */
export const BEFORE_ANY_END = Number.NEGATIVE_INFINITY;

const NONE: RuleEnds = new Map();

/**
 * When a rule stops letting anything through, by the clock of whoever decides; null: never. A deny goes on until the
 * event that says it has ended: no wrong clock may let through what it denies (ADR 0089).
 */
export function endOf({ effect, until }: Pick<Rule | EgressRule, 'effect' | 'until'>): number | null {
  return effect === 'deny' || until === null ? null : Date.parse(until);
}

export function endsOf(rules: ReadonlyMap<RuleId, Rule | EgressRule>): RuleEnds {
  const ends = new Map<RuleId, number>();
  for (const rule of rules.values()) {
    const end = endOf(rule);
    if (end !== null) ends.set(rule.id, end);
  }
  return ends.size === 0 ? NONE : ends;
}

/** Infinity: none ends. */
export function firstEnd(...all: readonly RuleEnds[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const ends of all) for (const end of ends.values()) first = Math.min(first, end);
  return first;
}
