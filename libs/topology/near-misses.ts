import type { NearMiss } from '#libs/contracts/bus-messages.js';
import type { AliasName } from '#libs/contracts/ids.js';
import type { NetworkView } from './model.js';
import { compareText } from './order.js';
import type { PolicyIndex } from './policy-index.js';
import { matchesSource, type PolicySource } from './selector-match.js';

export const MAX_NEAR_MISSES = 10;

/**
 * Rules of either effect that match the question in all but exactly one of source, alias and port: at most ten, by
 * rule id. Such a rule names the alias or the port asked for, so only those two lists are looked at.
 */
export function nearMisses(
  view: NetworkView,
  index: PolicyIndex,
  source: PolicySource,
  alias: AliasName,
  port: number,
): readonly NearMiss[] {
  const found: NearMiss[] = [];
  for (const rule of index.byAlias.get(alias) ?? []) {
    if (found.length === MAX_NEAR_MISSES) break;
    const sourceMatches = matchesSource(view, rule.from, source);
    if (rule.port === port && !sourceMatches) found.push({ ruleId: rule.id, missed: 'source' });
    if (rule.port !== port && sourceMatches) found.push({ ruleId: rule.id, missed: 'port' });
  }
  const ofOtherAliases: NearMiss[] = [];
  for (const rule of index.byPort.get(port) ?? []) {
    if (ofOtherAliases.length === MAX_NEAR_MISSES) break;
    if (rule.to !== alias && matchesSource(view, rule.from, source)) {
      ofOtherAliases.push({ ruleId: rule.id, missed: 'alias' });
    }
  }
  return mergeNearMisses([...found, ...ofOtherAliases]);
}

/** By rule id, each rule once, at most ten. */
export function mergeNearMisses(all: readonly NearMiss[]): readonly NearMiss[] {
  return [...all]
    .sort((first, second) => compareText(first.ruleId, second.ruleId))
    .filter((miss, index, sorted) => miss.ruleId !== sorted[index - 1]?.ruleId)
    .slice(0, MAX_NEAR_MISSES);
}
