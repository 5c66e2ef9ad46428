import type { RuleId, RuleReference } from '#libs/contracts/ids.js';
import type { Topology } from '#libs/policy/model.js';
import { compareText } from '#libs/policy/order.js';
import type { DomainError } from '../decision.js';
import { AmbiguousRuleError } from './refusals.js';

type NotFound = new (network: Topology, named: RuleReference) => DomainError;

/** The rule with this id, or the only one whose id begins so. Returns RULE_NOT_FOUND, RULE_AMBIGUOUS. */
export function namedRule<Rule extends { readonly id: RuleId }>(
  network: Topology,
  rules: ReadonlyMap<RuleId, Rule>,
  named: RuleReference,
  NotFoundError: NotFound,
): Rule | DomainError {
  const exact = rules.get(named as RuleId);
  if (exact !== undefined) return exact;
  const found = [...rules.values()].filter(({ id }) => id.startsWith(named));
  const [rule] = found;
  if (rule === undefined) return new NotFoundError(network, named);
  return found.length === 1 ? rule : new AmbiguousRuleError(named, found.map(({ id }) => id).sort(compareText));
}
