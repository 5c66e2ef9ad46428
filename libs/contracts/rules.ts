import type { AliasName, RuleId } from './ids.js';
import { formatSelector, type Selector } from './selectors.js';

export const EFFECTS = ['allow', 'deny'] as const;
export type Effect = (typeof EFFECTS)[number];

/** A rule with its selector as text, as it stands in events, snapshots and answers. */
export type PrintedRule = {
  readonly id: RuleId;
  readonly effect: Effect;
  readonly from: string;
  readonly to: AliasName;
  readonly port: number;
};

/** Drops whatever else the rule carries. */
export function printRule(rule: Omit<PrintedRule, 'from'> & { readonly from: Selector }): PrintedRule {
  const { id, effect, from, to, port } = rule;
  return { id, effect, from: formatSelector(from), to, port };
}

/** One line for people: `allow local to api:8080`. */
export function ruleText(rule: Pick<PrintedRule, 'effect' | 'from' | 'port'> & { readonly to: string }): string {
  return `${rule.effect} ${rule.from} to ${rule.to}:${rule.port}`;
}
