import type { RuleId } from '#libs/contracts/ids.js';
import { RULE_END_SECONDS } from '#libs/contracts/rule-ends.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { EgressRule, Rule, Topology } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { standsForAllOf } from '#libs/policy/selector-match.js';
import type { Warning } from '../decision.js';
import { LISTED } from '../listed.js';
import type { NetworkCommandOf, NetworkDecision } from './commands.js';
import type { NetworkEvent } from './events.js';
import { RuleEndError } from './refusals.js';

type RuleExpired = Extract<NetworkEvent, { readonly type: 'PolicyRuleExpired' | 'EgressRuleExpired' }>;

/** Why a rule cannot end then; null: it can, or does not end. */
export function unusableEnd(until: string | null, now: Date): RuleEndError | null {
  if (until === null) return null;
  const seconds = (Date.parse(until) - now.getTime()) / 1_000;
  return seconds > 0 && seconds <= RULE_END_SECONDS.most ? null : new RuleEndError(until, now);
}

/**
 * What the author of an allow may not expect of its end: another rule that lets the same through for longer, or one
 * that this rule goes on after.
 */
export function endWarnings(allow: Rule, network: Topology): readonly Warning[] {
  const others = (policyIndex(network).byAlias.get(allow.to) ?? []).flatMap(({ id, effect, port }) =>
    effect === 'allow' && port === allow.port ? (network.rules.get(id) ?? []) : [],
  );
  const longer = others.filter((other) => isLater(other, allow) && standsForAllOf(other.from, allow.from));
  const earlier = others.filter(
    (other) => isLater(allow, other) && formatSelector(other.from) === formatSelector(allow.from),
  );
  return [
    ...sortedBy(longer, ({ id }) => id).map(({ id, until }) => ({
      code: 'ALLOWED_LONGER',
      message: `${id} allows the same ${until === null ? 'without an end' : `until ${until}`}`,
    })),
    ...sortedBy(earlier, ({ id }) => id).map(({ id, until }) => ({
      code: 'EXTENDS_RULE',
      message: `${id} still ends at ${until}; from then on this rule alone allows it`,
    })),
  ].slice(0, LISTED);
}

function isLater({ until }: Rule, { until: other }: Rule): boolean {
  if (other === null) return false;
  return until === null || Date.parse(until) > Date.parse(other);
}

/** Takes the rules whose time is over off the network, of both kinds, in order of their ends. */
export function expireRules(
  { now }: NetworkCommandOf<'ExpireRules'>,
  { rules, egressRules }: Topology,
): NetworkDecision<'ExpireRules'> {
  const ended = [...expired('PolicyRuleExpired', rules, now), ...expired('EgressRuleExpired', egressRules, now)];
  const events = sortedBy(ended, ({ data: { until, ruleId } }) => `${until} ${ruleId}`);
  return { events, result: null, warnings: [], unchangedSince: null };
}

function expired(
  type: RuleExpired['type'],
  rules: ReadonlyMap<RuleId, Rule | EgressRule>,
  now: Date,
): readonly RuleExpired[] {
  return [...rules.values()].flatMap(({ id: ruleId, until }) =>
    until === null || Date.parse(until) > now.getTime() ? [] : [{ type, data: { ruleId, until } }],
  );
}
