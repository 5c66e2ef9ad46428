import { baseOf, isWildcard } from '#libs/contracts/outside-names.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { EgressRule, NetworkView } from './model.js';
import { sortedBy } from './order.js';

/** An egress rule with its selector as text. */
export interface IndexedEgressRule extends Omit<EgressRule, 'from'> {
  readonly from: string;
}

/** The egress rules of a view, indexed by what questions ask for; each list is in order of id. */
export interface OutsideIndex {
  readonly rules: readonly IndexedEgressRule[];
  readonly exact: ReadonlyMap<string, readonly IndexedEgressRule[]>;
  /** By the name below which a wildcard covers all names. */
  readonly below: ReadonlyMap<string, readonly IndexedEgressRule[]>;
  /** By the last two labels of the pattern's name. */
  readonly byDomain: ReadonlyMap<string, readonly IndexedEgressRule[]>;
}

/** Built at the first question. Views with the same egress rules share the map of rules, and so the index. */
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

/** The last two labels of a name, by which near misses are found. */
export function domainOf(name: string): string {
  return name.split('.').slice(-2).join('.');
}
