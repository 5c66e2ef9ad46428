import { egressRuleText, printEgressRule } from '#libs/contracts/egress-rules.js';
import type { OutsideName } from '#libs/contracts/ids.js';
import { baseOf, covers, isWildcard } from '#libs/contracts/outside-names.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import type { EgressRule, Topology } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import { standsForAllOf } from '#libs/policy/selector-match.js';
import { DomainError, type Warning } from '../decision.js';
import { LISTED } from '../listed.js';
import type { NetworkCommandOf, NetworkDecision } from './commands.js';
import { namedRule } from './named-rule.js';
import {
  EgressRuleNotFoundError,
  EgressSourceError,
  ExitOfDenyError,
  NetworkLimitError,
  RuleIdTakenError,
} from './refusals.js';
import { unusableEnd } from './rule-ends.js';
import { sourceWarnings } from './rule-warnings.js';
import { sandboxAsAlias } from './sandbox-as-alias.js';

/** A rule about a name outside. What it will not bring about yet is said in warnings. */
export function addEgressRule(
  { kind: _kind, ruleId, meantSandbox, now, ...said }: NetworkCommandOf<'AddEgressRule'>,
  network: Topology,
): NetworkDecision<'AddEgressRule'> {
  const rule: EgressRule = { id: ruleId, ...said };
  const printed = printEgressRule(rule);
  const unusable = unusableEnd(rule.until, now);
  if (unusable !== null) return unusable;
  if (rule.from.kind === 'local' || rule.from.kind === 'local-user') return new EgressSourceError(printed.from);
  const slip = sandboxAsAlias(rule.from, meantSandbox, network);
  if (slip !== null) return slip;
  if (rule.effect === 'deny' && rule.via !== null) return new ExitOfDenyError();
  const warnings = egressRuleWarnings(rule, network);
  const identical = [...network.egressRules.values()].find((other) => saysTheSame(other, rule));
  if (identical !== undefined) {
    const exists = { code: 'RULE_EXISTS', message: `${identical.id} is the same rule; nothing was written` };
    return {
      events: [],
      result: printEgressRule(identical),
      warnings: [exists, ...warnings],
      unchangedSince: identical.since,
    };
  }
  if (network.egressRules.has(ruleId) || network.rules.has(ruleId)) return new RuleIdTakenError(ruleId);
  if (network.egressRules.size >= NETWORK_LIMITS.egressRules) {
    return new NetworkLimitError(network, 'egress rules', NETWORK_LIMITS.egressRules);
  }
  const { id: _id, ...data } = printed;
  return {
    events: [{ type: 'EgressRuleAdded', data: { ruleId, ...data, via: rule.via, until: rule.until } }],
    result: printed,
    warnings,
    unchangedSince: null,
  };
}

/** Why an egress rule will not do, or not fully do, what its author may expect of it. */
export function egressRuleWarnings(rule: EgressRule, network: Topology): readonly Warning[] {
  return [...overridingDenies(rule, network), ...otherExits(rule, network), ...sourceWarnings(rule.from, network)];
}

export function removeEgressRule(
  { ruleId }: NetworkCommandOf<'RemoveEgressRule'>,
  network: Topology,
): NetworkDecision<'RemoveEgressRule'> {
  const rule = namedRule(network, network.egressRules, ruleId, EgressRuleNotFoundError);
  if (rule instanceof DomainError) return rule;
  return {
    events: [{ type: 'EgressRuleRemoved', data: { ruleId: rule.id } }],
    result: printEgressRule(rule),
    warnings: [],
    unchangedSince: null,
  };
}

/** The selectors last: they have to be printed to be compared. */
function saysTheSame(first: EgressRule, second: EgressRule): boolean {
  if (first.to !== second.to || first.port !== second.port || first.effect !== second.effect) return false;
  return egressRuleText(printEgressRule(first)) === egressRuleText(printEgressRule(second));
}

/** Denies win: the author of an allow is told which of them deny all of it. */
function overridingDenies(allow: EgressRule, network: Topology): readonly Warning[] {
  if (allow.effect === 'deny') return [];
  const denies = [...network.egressRules.values()].filter(
    (rule) =>
      rule.effect === 'deny' &&
      rule.port === allow.port &&
      coversAllOf(rule, allow) &&
      standsForAllOf(rule.from, allow.from),
  );
  return sortedBy(denies, ({ id }) => id)
    .slice(0, LISTED)
    .map(({ id, from, to }) => ({
      code: 'OVERRIDDEN_BY_DENY',
      message: `${id} denies ${formatSelector(from)} to ${to}, so this rule has no effect`,
    }));
}

/** One connection leaves from one place: the author of an allow is told of those that say another one. */
function otherExits(allow: EgressRule, network: Topology): readonly Warning[] {
  if (allow.effect === 'deny') return [];
  const others = [...network.egressRules.values()].filter(
    (rule) =>
      rule.effect === 'allow' &&
      rule.port === allow.port &&
      rule.via !== allow.via &&
      (coversAllOf(rule, allow) || coversAllOf(allow, rule)) &&
      (standsForAllOf(rule.from, allow.from) || standsForAllOf(allow.from, rule.from)),
  );
  return sortedBy(others, ({ id }) => id)
    .slice(0, LISTED)
    .map((rule) => {
      const first = [allow, rule].filter(({ via }) => via !== null).sort((one, other) => (one.id < other.id ? -1 : 1));
      const where = rule.via === null ? "each sandbox's own agent" : rule.via;
      const message =
        `${rule.id} sends the same connections through ${where}; connections that match both rules leave from ` +
        `${first[0]?.via}`;
      return { code: 'ANOTHER_EXIT', message };
    });
}

/** Whether every name that the pattern of `narrow` covers is covered by that of `wide`. */
function coversAllOf({ to: wide }: EgressRule, { to: narrow }: EgressRule): boolean {
  if (wide === narrow) return true;
  return isWildcard(wide) && covers(wide, baseOf(narrow) as OutsideName);
}
