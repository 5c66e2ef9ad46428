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
  /** When it ends by itself, as parseInstant takes it. Without it, it stays until it is removed. */
  readonly until?: string;
};

/** Drops whatever else the rule carries. */
export function printRule(
  rule: Omit<PrintedRule, 'from' | 'until'> & { readonly from: Selector; readonly until: string | null },
): PrintedRule {
  const { id, effect, from, to, port, until } = rule;
  const printed = { id, effect, from: formatSelector(from), to, port };
  return until === null ? printed : { ...printed, until };
}

/** One line for people: `allow local to api:8080 until 2026-01-31T12:00:00.000Z`. */
export function ruleText(
  rule: Pick<PrintedRule, 'effect' | 'from' | 'port'> & { readonly to: string; readonly until?: string | null },
): string {
  return `${rule.effect} ${rule.from} to ${rule.to}:${rule.port}${endText(rule.until)}`;
}

/** What a rule's line says of its end: nothing when it has none. */
export function endText(until: string | null | undefined): string {
  return until === undefined || until === null ? '' : ` until ${until}`;
}
