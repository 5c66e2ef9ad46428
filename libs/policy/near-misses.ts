import type { AliasName } from '#libs/contracts/ids.js';
import type { PrintedRule } from '#libs/contracts/rules.js';
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
  for (const { id, to } of ofAllAliases(index, selectors, port)) {
    if (to !== alias) found.push({ ruleId: id, missed: 'alias' });
  }
  return mergeNearMisses(found);
}

/**
 * The first rules, by id, that have this port and match this source. There are enough of them that ten remain without
 * those to any one alias. Looking through a sandbox's selectors is slow, since there may be thousands, so the result is
 * kept with the view.
 */
function ofAllAliases(index: PolicyIndex, selectors: ReadonlySet<string>, port: number): readonly PrintedRule[] {
  const known = index.nearRules.get(selectors)?.get(port);
  if (known !== undefined) return known;
  const found: PrintedRule[] = [];
  for (const selector of selectors) {
    found.push(...enoughForAny(index.bySelectorAndPort.get(selectorAndPort(selector, port)) ?? []));
  }
  const rules = enoughForAny(found.sort((first, second) => compareText(first.id, second.id)));
  // A peer may ask about any port. Those that are in no rule are not kept, so that they take no memory.
  if (rules.length > 0) {
    const ofSource = index.nearRules.get(selectors) ?? new Map<number, readonly PrintedRule[]>();
    index.nearRules.set(selectors, ofSource.set(port, rules));
  }
  return rules;
}

/** The first twenty of the rules, at most ten of them to the same alias: without any one alias, ten are left. */
function enoughForAny(rules: readonly PrintedRule[]): readonly PrintedRule[] {
  const found: PrintedRule[] = [];
  const countOf = new Map<AliasName, number>();
  for (const rule of rules) {
    const count = countOf.get(rule.to) ?? 0;
    if (count === MAX_NEAR_MISSES) continue;
    countOf.set(rule.to, count + 1);
    found.push(rule);
    if (found.length === 2 * MAX_NEAR_MISSES) break;
  }
  return found;
}

/** By rule id, without duplicates, at most ten. */
export function mergeNearMisses(all: readonly NearMiss[]): readonly NearMiss[] {
  return [...all]
    .sort((first, second) => compareText(first.ruleId, second.ruleId))
    .filter((miss, index, sorted) => miss.ruleId !== sorted[index - 1]?.ruleId)
    .slice(0, MAX_NEAR_MISSES);
}
