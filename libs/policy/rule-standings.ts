import type { RuleId } from '#libs/contracts/ids.js';
import type { RuleIdleness } from '#libs/contracts/verdicts.js';
import { evaluateSource } from './evaluate.js';
import { indexInForce } from './in-force.js';
import type { NetworkView, Rule } from './model.js';
import { sortedBy } from './order.js';
import type { PolicySource } from './policy-source.js';
import { publishedPort } from './published-port.js';
import { endOf } from './rule-ends.js';
import { RuleSources } from './rule-sources.js';
import { matchesSource } from './selector-match.js';

/** Another rule that meets this one, and for how many of its sources. */
export interface MetRule {
  readonly ruleId: RuleId;
  readonly sources: number;
}

/** What a rule does now. */
export interface RuleStanding {
  readonly ruleId: RuleId;
  /** How many it stands for. */
  readonly sources: number;
  /** For how many of them it is the rule that decides. */
  readonly decides: number;
  /** Of an allow: denies that decide in its place. */
  readonly overriddenBy: readonly MetRule[];
  /** Of a deny: allows that would let its sources through. */
  readonly overrides: readonly MetRule[];
  /** Why it does nothing now; null: it does something. */
  readonly idle: RuleIdleness | null;
}

/** What each rule does now, by the function that decides live traffic: in order of id, of the first `most` rules.
 * `nowMs` as in `evaluate`. */
export function ruleStandings(
  view: NetworkView,
  most: number,
  nowMs: number,
  sources = new RuleSources(view),
): readonly RuleStanding[] {
  return sortedBy(view.rules.values(), ({ id }) => id)
    .slice(0, most)
    .map((rule) => standingOf(view, rule, sources.of(rule.from), nowMs));
}

function standingOf(view: NetworkView, rule: Rule, sources: readonly PolicySource[], nowMs: number): RuleStanding {
  const { id: ruleId, to, port } = rule;
  const nothing = { ruleId, sources: sources.length, decides: 0, overriddenBy: [], overrides: [] };
  if ((endOf(rule) ?? Number.POSITIVE_INFINITY) <= nowMs) return { ...nothing, idle: 'ENDED' };
  const record = view.aliases.get(to);
  if (record === undefined) return { ...nothing, idle: 'NO_ALIAS' };
  if (publishedPort(record, port) === null) return { ...nothing, idle: 'NO_PORT' };
  if (sources.length === 0) return { ...nothing, idle: 'NO_SOURCE' };
  const verdicts = sources.map((source) => evaluateSource(view, source, to, port, nowMs));
  const decides = verdicts.filter((verdict) => verdict.ruleId === ruleId).length;
  const denies = verdicts.flatMap((verdict) => (verdict.reason === 'EXPLICIT_DENY' ? (verdict.ruleId ?? []) : []));
  const overriddenBy = rule.effect === 'allow' ? counted(denies) : [];
  const overrides =
    rule.effect === 'deny' ? counted(sources.flatMap((source) => allowsOf(view, rule, source, nowMs))) : [];
  const idle = idleness(rule, { decides, overriddenBy, overrides });
  return { ...nothing, decides, overriddenBy, overrides, idle };
}

function idleness(
  { effect }: Rule,
  { decides, overriddenBy, overrides }: Pick<RuleStanding, 'decides' | 'overriddenBy' | 'overrides'>,
): RuleIdleness | null {
  if (decides === 0) return overriddenBy.length > 0 ? 'OVERRIDDEN' : 'REPEATED';
  return effect === 'deny' && overrides.length === 0 ? 'NO_ALLOW' : null;
}

function allowsOf(view: NetworkView, { to, port }: Rule, source: PolicySource, nowMs: number): readonly RuleId[] {
  return (indexInForce(view, nowMs).byAlias.get(to) ?? []).flatMap(({ id, effect, port: ofRule }) => {
    const from = view.rules.get(id)?.from;
    if (effect !== 'allow' || ofRule !== port || from === undefined) return [];
    return matchesSource(view, from, source) ? id : [];
  });
}

function counted(ruleIds: readonly RuleId[]): readonly MetRule[] {
  const groups = Map.groupBy(ruleIds, (ruleId) => ruleId);
  return sortedBy(groups, ([ruleId]) => ruleId).map(([ruleId, { length }]) => ({ ruleId, sources: length }));
}
