import type { AliasName } from '#libs/contracts/ids.js';
import type { NetworkView, Rule, Verdict } from './model.js';
import { sortedBy } from './order.js';

/** A view's rules by what a question asks, each list in order of rule id, and the verdicts already given. */
export interface PolicyIndex {
  readonly byAlias: ReadonlyMap<AliasName, readonly Rule[]>;
  readonly byPort: ReadonlyMap<number, readonly Rule[]>;
  readonly verdicts: Map<string, Verdict>;
}

/** A view never changes, so its index is made at the first question and lives as long as the view. */
const indexes = new WeakMap<NetworkView, PolicyIndex>();

export function policyIndex(view: NetworkView): PolicyIndex {
  const known = indexes.get(view);
  if (known !== undefined) return known;
  const rules = sortedBy(view.rules.values(), ({ id }) => id);
  const index: PolicyIndex = {
    byAlias: Map.groupBy(rules, ({ to }) => to),
    byPort: Map.groupBy(rules, ({ port }) => port),
    verdicts: new Map(),
  };
  indexes.set(view, index);
  return index;
}
