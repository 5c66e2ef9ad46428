import { type PrintedRule, printRule } from '#libs/contracts/rules.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import type { Rule, Topology, TopologyRule } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { DomainError, type Warning } from '../decision.js';
import type { AddedRule, NetworkCommandOf, NetworkDecision } from './commands.js';
import type { NetworkEvent } from './events.js';
import { namedRule } from './named-rule.js';
import { AliasNotFoundError, NetworkLimitError, RuleIdTakenError, RuleNotFoundError } from './refusals.js';
import { unusableEnd } from './rule-ends.js';
import { ruleWarnings } from './rule-warnings.js';
import { sandboxAsAlias } from './sandbox-as-alias.js';
import { evolveNetwork } from './state.js';

/** A rule about an alias that exists. What it will not bring about yet is said in warnings. */
export function addRule(
  { ruleId, effect, from, to, port, until, now, meantSandbox }: NetworkCommandOf<'AddRule'>,
  network: Topology,
): NetworkDecision<'AddRule'> {
  const rule: Rule = { id: ruleId, effect, from, to, port, until };
  const unusable = unusableEnd(until, now);
  if (unusable !== null) return unusable;
  if (!network.aliases.has(to)) return new AliasNotFoundError(network, to, 'to');
  const slip = sandboxAsAlias(from, meantSandbox, network);
  if (slip !== null) return slip;
  const warnings = ruleWarnings(rule, network);
  const printed = printRule(rule);
  const identical = identicalRule(printed, network);
  if (identical !== undefined) {
    return {
      events: [],
      result: printRule(identical),
      warnings: [existsAlready(identical), ...warnings],
      unchangedSince: identical.since,
    };
  }
  if (network.rules.has(ruleId)) return new RuleIdTakenError(ruleId);
  if (network.rules.size >= NETWORK_LIMITS.rules) return new NetworkLimitError(network, 'rules', NETWORK_LIMITS.rules);
  return {
    events: [{ type: 'PolicyRuleAdded', data: { ruleId, effect, from: printed.from, to, port, until } }],
    result: printed,
    warnings,
    unchangedSince: null,
  };
}

/** Each is decided as if those before it were written. The first that is refused refuses all. */
export function addRules(
  { effect, rules }: NetworkCommandOf<'AddRules'>,
  network: Topology,
): NetworkDecision<'AddRules'> {
  const events: NetworkEvent[] = [];
  const result: AddedRule[] = [];
  const warnings = new Map<string, Warning>();
  let sofar = network;
  let unchangedSince = 0;
  for (const rule of rules) {
    const decision = addRule({ kind: 'AddRule', effect, ...rule }, sofar);
    if (decision instanceof DomainError) return decision;
    sofar = decision.events.reduce(evolveNetwork, sofar);
    events.push(...decision.events);
    result.push({ rule: decision.result, added: decision.events.length > 0 });
    for (const warning of decision.warnings) warnings.set(warning.message, warning);
    unchangedSince = Math.max(unchangedSince, decision.unchangedSince ?? 0);
  }
  return {
    events,
    result,
    warnings: [...warnings.values()],
    unchangedSince: events.length > 0 ? null : unchangedSince,
  };
}

export function removeRule(
  { ruleId }: NetworkCommandOf<'RemoveRule'>,
  network: Topology,
): NetworkDecision<'RemoveRule'> {
  const rule = namedRule(network, network.rules, ruleId, RuleNotFoundError);
  if (rule instanceof DomainError) return rule;
  return {
    events: [{ type: 'PolicyRuleRemoved', data: { ruleId: rule.id } }],
    result: printRule(rule),
    warnings: [],
    unchangedSince: null,
  };
}

/** The rule that says the same, whatever its id; undefined: there is none. */
function identicalRule({ effect, from, to, port, until }: PrintedRule, network: Topology): TopologyRule | undefined {
  const same = policyIndex(network)
    .byAlias.get(to)
    ?.find((other) => other.port === port && other.effect === effect && other.from === from && other.until === until);
  return same && network.rules.get(same.id);
}

function existsAlready({ id }: Rule): Warning {
  return { code: 'RULE_EXISTS', message: `${id} is the same rule; nothing was written` };
}
