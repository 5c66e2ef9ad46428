import { egressRuleText } from '#libs/contracts/egress-rules.js';
import { ruleText } from '#libs/contracts/rules.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { EgressRule, Rule } from '#libs/policy/model.js';

/** Two rules of the same text say the same, whatever their ids. */
export function textOfRule(rule: Omit<Rule, 'id'>): string {
  return ruleText({ ...rule, from: formatSelector(rule.from) });
}

/** As textOfRule, of a rule about a name outside. */
export function textOfEgressRule(rule: Omit<EgressRule, 'id'>): string {
  return egressRuleText({ ...rule, from: formatSelector(rule.from) });
}
