import { randomBytes } from 'node:crypto';
import { parseRuleId, type RuleId } from '#libs/contracts/ids.js';

export function newRuleId(): RuleId {
  return parseRuleId(`rule-${randomBytes(8).toString('hex')}`, 'ruleId');
}
