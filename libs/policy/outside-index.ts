import { baseOf, isWildcard } from '#libs/contracts/outside-names.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { EgressRule, NetworkView } from './model.js';
import { sortedBy } from './order.js';

/** An egress rule with its selector as text. */
export interface IndexedEgressRule extends Omit<EgressRule, 'from'> {
  readonly from: string;
}

/** The egress rules of a view by what a question asks, each list in order of id. */
export interface OutsideIndex {
  readonly rules: readonly IndexedEgressRule[];
  readonly exact: ReadonlyMap<string, readonly IndexedEgressRule[]>;
  /** By the name below which a wildcard covers everything. */
  readonly below: ReadonlyMap<string, readonly IndexedEgressRule[]>;
  /** By the last two labels of the name. */
  readonly byDomain: ReadonlyMap<string, readonly IndexedEgressRule[]>;
}

/** Made at the first question. Views between which no such rule changed have the same map of them. */
const indexes = new WeakMap<NetworkView['egressRules'], OutsideIndex>();

export function outsideIndex(view: NetworkView): OutsideIndex {
  const known = indexes.get(view.egressRules);
  if (known !== undefined) return known;
  const rules = sortedBy(view.egressRules.values(), ({ id }) => id).map((rule) => ({
    ...rule,
    from: formatSelector(rule.from),
  }));
  const index: OutsideIndex = {
    rules,
    exact: Map.groupBy(
      rules.filter(({ to }) => !isWildcard(to)),
      ({ to }) => to,
    ),
    below: Map.groupBy(
      rules.filter(({ to }) => isWildcard(to)),
      ({ to }) => baseOf(to),
    ),
    byDomain: Map.groupBy(rules, ({ to }) => domainOf(baseOf(to))),
  };
  indexes.set(view.egressRules, index);
  return index;
}

/** The last two labels of a name: enough to tell names that a person may have mixed up. */
export function domainOf(name: string): string {
  return name.split('.').slice(-2).join('.');
}
