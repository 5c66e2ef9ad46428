import type { AgentId, OutsidePattern, RuleId } from './ids.js';
import { type Effect, endText } from './rules.js';
import { formatSelector, type Selector } from './selectors.js';

/** An egress rule with its selector as text, as it stands in events, snapshots and answers. */
export type PrintedEgressRule = {
  readonly id: RuleId;
  readonly effect: Effect;
  readonly from: string;
  readonly to: OutsidePattern;
  readonly port: number;
  /** The name may lead to private and loopback addresses. */
  readonly private: boolean;
  /** The agent that the connections leave from. Without it they leave from the sandbox's own agent. */
  readonly via?: AgentId;
  /** As in PrintedRule. */
  readonly until?: string;
};

/** Drops whatever else the rule carries. */
export function printEgressRule(
  rule: Omit<PrintedEgressRule, 'from' | 'via' | 'until'> & {
    readonly from: Selector;
    readonly via: AgentId | null;
    readonly until: string | null;
  },
): PrintedEgressRule {
  const { id, effect, from, to, port, via, until } = rule;
  const printed = { id, effect, from: formatSelector(from), to, port, private: rule.private };
  return { ...printed, ...(via === null ? {} : { via }), ...(until === null ? {} : { until }) };
}

/** One line for people: `allow web to packages.example.com:443`. */
export function egressRuleText(
  rule: Pick<PrintedEgressRule, 'effect' | 'from' | 'port' | 'private'> & {
    readonly to: string;
    readonly via?: string | null;
    readonly until?: string | null;
  },
): string {
  const { effect, from, to, port, via, until } = rule;
  const exit = via === undefined || via === null ? '' : ` via ${via}`;
  return `${effect} ${from} to ${to}:${port}${exit}${rule.private ? ', private addresses too' : ''}${endText(until)}`;
}
