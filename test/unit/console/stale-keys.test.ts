import { expect } from 'chai';
import { matches, staleKeys } from '#apps/console/live/stale-keys.js';

/** Whether an event makes a query out of date. */
function isStale(name: string, data: unknown, key: readonly unknown[]): boolean {
  return (staleKeys(name, data) ?? []).some((pattern) => matches(pattern, key));
}

describe('what an event makes out of date', () => {
  const rule = { network: 'dev', type: 'PolicyRuleAdded', ruleId: 'rule-1234' };
  const egressRule = { network: 'dev', type: 'EgressRuleAdded', ruleId: 'rule-1234' };
  const alias = { network: 'dev', type: 'AliasPublished', sandboxId: 'sbx-api' };
  const rows: readonly (readonly [name: string, data: unknown, key: readonly string[], isStale: boolean])[] = [
    ['network', rule, ['network', 'dev', 'rules'], true],
    ['network', rule, ['network', 'dev', 'reachability'], true],
    ['network', rule, ['networks'], true],
    ['network', rule, ['network', 'dev', 'aliases'], false],
    ['network', rule, ['network', 'prod', 'rules'], false],
    ['network', rule, ['network', 'dev', 'history', '{}'], true],
    ['network', rule, ['network', 'dev', 'turns', 'web', 'api', '8080'], true],
    ['network', rule, ['network', 'dev', 'policy-tests'], true],
    ['network', rule, ['network', 'dev', 'diff', '3', '4'], false],
    ['network-state', { network: 'dev' }, ['network', 'dev', 'explanation', 'web', 'api', '8080', '4'], true],
    ['network', egressRule, ['network', 'dev', 'egress-rules'], true],
    ['network', egressRule, ['network', 'dev', 'denied-names'], true],
    ['network', egressRule, ['network', 'dev', 'verdict'], true],
    ['network', egressRule, ['network', 'dev', 'aliases'], false],
    ['network', alias, ['network', 'dev', 'aliases'], true],
    ['network', alias, ['sandbox', 'sbx-api'], true],
    ['network', alias, ['sandbox', 'sbx-web'], false],
    ['network', { network: 'dev', type: 'NetworkDeleted' }, ['network', 'dev', 'show'], true],
    ['network', { network: 'dev', type: 'SomethingNew' }, ['network', 'dev', 'rules'], true],
    ['network-state', { network: 'dev' }, ['network', 'dev', 'applied', '7', 'true'], true],
    ['network-state', { network: 'dev' }, ['network', 'prod', 'status'], false],
    ['agent-state', { agentId: 'host-a' }, ['network', 'prod', 'status'], true],
    ['sandbox-state', { sandboxIds: ['sbx-api'] }, ['sandbox', 'sbx-api'], true],
    ['sandbox-state', { sandboxIds: ['sbx-api'] }, ['sandbox', 'sbx-web'], false],
    ['local-node-state', { network: 'dev' }, ['local-nodes'], true],
    ['resync', {}, ['tokens'], true],
    ['heartbeat', {}, ['networks'], false],
  ];
  for (const [name, data, key, expected] of rows) {
    it(`${name} ${JSON.stringify(data)} ${expected ? 'asks' : 'does not ask'} again for ${key.join(' ')}`, () =>
      expect(isStale(name, data, key)).to.equal(expected));
  }

  it('tells an event that it does not know from one that changes nothing', () => {
    expect(staleKeys('weather', {})).to.equal(null);
    expect(staleKeys('heartbeat', {})).to.deep.equal([]);
  });
});
