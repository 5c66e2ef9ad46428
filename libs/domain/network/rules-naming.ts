import type { AliasName, RuleId } from '#libs/contracts/ids.js';
import type { NetworkView } from '#libs/policy/model.js';
import { compareText } from '#libs/policy/order.js';
import { policyIndex } from '#libs/policy/policy-index.js';

/** Rules that name one of these aliases, as target or as source, by id: whoever publishes it next gets them all. */
export function rulesNaming(network: NetworkView, aliases: Iterable<AliasName>): readonly RuleId[] {
  const { byAlias, bySourceAlias } = policyIndex(network);
  const naming = new Set<RuleId>();
  for (const alias of aliases) {
    for (const rules of [byAlias.get(alias), bySourceAlias.get(alias)])
      for (const { id } of rules ?? []) naming.add(id);
  }
  return [...naming].sort(compareText);
}
