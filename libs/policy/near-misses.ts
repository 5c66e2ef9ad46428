import type { AliasName } from '#libs/contracts/ids.js';
import type { NearMiss } from './model.js';
import { compareText } from './order.js';
import { type PolicyIndex, selectorAndPort } from './policy-index.js';

export const MAX_NEAR_MISSES = 10;

/**
 * Rules of either effect that match all but exactly one of source, alias and port, at most ten, by rule id. `selectors`
 * are those that match the source. The lists are sorted by id, so ten of each are enough.
 */
export function nearMisses(
  index: PolicyIndex,
  selectors: ReadonlySet<string>,
  alias: AliasName,
  port: number,
): readonly NearMiss[] {
  const found: NearMiss[] = [];
  for (const rule of index.byAlias.get(alias) ?? []) {
    if (found.length === MAX_NEAR_MISSES) break;
    const sourceMatches = selectors.has(rule.from);
    if (rule.port === port && !sourceMatches) found.push({ ruleId: rule.id, missed: 'source' });
    if (rule.port !== port && sourceMatches) found.push({ ruleId: rule.id, missed: 'port' });
  }
  for (const selector of selectors) {
    let ofOtherAliases = 0;
    for (const rule of index.bySelectorAndPort.get(selectorAndPort(selector, port)) ?? []) {
      if (ofOtherAliases === MAX_NEAR_MISSES) break;
      if (rule.to === alias) continue;
      found.push({ ruleId: rule.id, missed: 'alias' });
      ofOtherAliases += 1;
    }
  }
  return mergeNearMisses(found);
}

/** By rule id, without duplicates, at most ten. */
export function mergeNearMisses(all: readonly NearMiss[]): readonly NearMiss[] {
  return [...all]
    .sort((first, second) => compareText(first.ruleId, second.ruleId))
    .filter((miss, index, sorted) => miss.ruleId !== sorted[index - 1]?.ruleId)
    .slice(0, MAX_NEAR_MISSES);
}
