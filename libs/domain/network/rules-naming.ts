import type { AliasName, RuleId } from '#libs/contracts/ids.js';
import type { NetworkView, Rule } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';

/** Rules that name one of these aliases, as target or as source, by id: whoever publishes it next gets them all. */
export function rulesNaming(network: NetworkView, aliases: ReadonlySet<AliasName>): readonly RuleId[] {
  const naming = [...network.rules.values()].filter(
    ({ from, to }: Rule) => aliases.has(to) || (from.kind === 'alias' && aliases.has(from.alias)),
  );
  return sortedBy(naming, ({ id }) => id).map(({ id }) => id);
}
