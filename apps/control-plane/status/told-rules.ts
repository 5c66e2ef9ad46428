import { egressRuleText } from '#libs/contracts/egress-rules.js';
import type { RuleId } from '#libs/contracts/ids.js';
import { ruleText } from '#libs/contracts/rules.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import type { Topology } from '#libs/policy/model.js';

/** A rule in words, without its end: `allow web to api:8080`. null: it is not known. */
export type ToldRules = (ruleId: RuleId) => string | null;

export const NO_RULES_TOLD: ToldRules = () => null;

/** The rules of a network, and those that events added later. Events that remove a rule have only its id. */
export function toldRules(
  network: Pick<Topology, 'rules' | 'egressRules'> | null,
  added: Iterable<NetworkEvent> = [],
): ToldRules {
  const later = new Map<RuleId, string>();
  for (const event of added) {
    const until = null;
    if (event.type === 'PolicyRuleAdded') later.set(event.data.ruleId, ruleText({ ...event.data, until }));
    if (event.type === 'EgressRuleAdded') later.set(event.data.ruleId, egressRuleText({ ...event.data, until }));
  }
  return (ruleId) => later.get(ruleId) ?? textIn(network, ruleId);
}

function textIn(network: Pick<Topology, 'rules' | 'egressRules'> | null, ruleId: RuleId): string | null {
  const rule = network?.rules.get(ruleId);
  if (rule !== undefined) return ruleText({ ...rule, from: formatSelector(rule.from), until: null });
  const egress = network?.egressRules.get(ruleId);
  return egress === undefined ? null : egressRuleText({ ...egress, from: formatSelector(egress.from), until: null });
}
