import { expect } from 'chai';
import { parseAgentId } from '#libs/contracts/ids.js';
import { NETWORK_SCHEMAS, type NetworkEvent } from '#libs/domain/network/events.js';
import { agentsNamedBy } from '#libs/domain/network/named-agents.js';
import { elementsTouchedBy } from '#libs/domain/network/touched-elements.js';
import { takesSomethingAway } from '#libs/domain/network/urgency.js';
import {
  aliasRemoved,
  attached,
  created,
  detached,
  egressRule,
  egressRuleExpired,
  egressRuleRemoved,
  labelled,
  networkDeleted,
  placed,
  policyTest,
  policyTestRemoved,
  portsChanged,
  published,
  rule,
  ruleExpired,
  ruleRemoved,
  testsOverridden,
} from '#test/unit/policy/network-events.js';

const HOST_A = parseAgentId('host-a', 'agent');
const HOST_B = parseAgentId('host-b', 'agent');

const quarantined: NetworkEvent = { type: 'NetworkQuarantined', data: { agents: [HOST_A, HOST_B], reason: '' } };
const lifted: NetworkEvent = { type: 'NetworkQuarantineLifted', data: {} };
const throughExit = exitOf(egressRule('0001', 'allow any -> example.com:443'));

function exitOf(event: NetworkEvent): NetworkEvent {
  return event.type === 'EgressRuleAdded' ? { ...event, data: { ...event.data, via: HOST_B } } : event;
}

/** Each event: whether it is delivered at once, the agents that it names, and the elements that it touches. */
const ROWS: readonly (readonly [event: NetworkEvent, atOnce: boolean, agents: string, elements: string])[] = [
  [created(), false, '', ''],
  [attached('sbx-web', 'host-a'), false, 'host-a', 'sandbox sbx-web'],
  [attached('sbx-web'), false, '', 'sandbox sbx-web'],
  [detached('sbx-web'), true, '', 'sandbox sbx-web'],
  [placed('sbx-web', 'host-b'), true, 'host-b', 'sandbox sbx-web'],
  [placed('sbx-web', null), true, '', 'sandbox sbx-web'],
  [labelled('sbx-web', { tier: 'web' }), true, '', 'sandbox sbx-web'],
  [published('web', 'sbx-web', 80), false, '', 'alias web'],
  [portsChanged('web', 81), true, '', 'alias web'],
  [aliasRemoved('web'), true, '', 'alias web'],
  [rule('0001', 'allow any -> web:80'), false, '', 'rule rule-0001'],
  [rule('0001', 'deny any -> web:80'), true, '', 'rule rule-0001'],
  [ruleRemoved('0001'), true, '', 'rule rule-0001'],
  [ruleExpired('0001', '2026-01-31T10:00:00.000Z'), true, '', 'rule rule-0001'],
  [egressRule('0001', 'allow any -> example.com:443'), false, '', ''],
  [egressRule('0001', 'deny any -> example.com:443'), true, '', ''],
  [throughExit, false, 'host-b', ''],
  [egressRuleRemoved('0001'), true, '', ''],
  [policyTest('0001', 'any -> web:80 deny'), false, '', ''],
  [policyTestRemoved('0001'), false, '', ''],
  [testsOverridden('0001'), false, '', ''],
  [egressRuleExpired('0001', '2026-01-31T10:00:00.000Z'), true, '', ''],
  [quarantined, true, 'host-a host-b', ''],
  [lifted, false, '', ''],
  [networkDeleted, true, '', ''],
];

describe('what each event of a network means for its delivery', () => {
  for (const [event, atOnce, agents, elements] of ROWS) {
    const what = `${event.type}${'effect' in event.data ? ` (${event.data.effect})` : ''}`;
    it(`${what}: ${atOnce ? 'goes out at once' : 'may wait for others'}`, () => {
      expect(takesSomethingAway(event)).to.equal(atOnce);
      expect(agentsNamedBy(event).join(' ')).to.equal(agents);
      expect(
        elementsTouchedBy(event)
          .map(({ kind, id }) => `${kind} ${id}`)
          .join(),
      ).to.equal(elements);
    });
  }

  it('is said of every event', () => {
    expect([...new Set(ROWS.map(([{ type }]) => type))].sort()).to.deep.equal(Object.keys(NETWORK_SCHEMAS).sort());
  });
});
