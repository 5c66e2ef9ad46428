import { expect } from 'chai';
import { agentsNamedBy } from '#libs/domain/network/named-agents.js';
import { elementsTouchedBy } from '#libs/domain/network/touched-elements.js';
import { takesSomethingAway } from '#libs/domain/network/urgency.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import { egressRule, egressRuleRemoved } from '#test/unit/policy/network-events.js';
import { addEgressRule, given, removeEgressRule } from './network-commands.js';
import { dev, withApi } from './network-fixtures.js';

const told = (id: string, effect: 'allow' | 'deny', from: string, to: string) => ({
  ...{ id: `rule-${id}`, effect, from, to, port: 443, private: false },
});
const withEgress = [...withApi, egressRule('0001', 'deny any -> *.example.com:443')];

describe('adding an egress rule', () => {
  it('writes it with its selector in printed form', () => {
    given(...withApi)
      .when(addEgressRule('0001', 'allow', 'api', '*.example.com'))
      .thenWritten(
        [egressRule('0001', 'allow api -> *.example.com:443')],
        told('0001', 'allow', 'api', '*.example.com'),
      );
  });

  it('names the rule that says the same already', () => {
    given(...withEgress)
      .when(addEgressRule('0002', 'deny', 'any', '*.example.com'))
      .thenWritten([], told('0001', 'deny', 'any', '*.example.com'), [
        'RULE_EXISTS: rule-0001 is the same rule; nothing was written',
      ]);
  });

  it('tells the author of an allow which deny leaves nothing of it', () => {
    const warning = 'OVERRIDDEN_BY_DENY: rule-0001 denies any to *.example.com, so this rule has no effect';
    for (const to of ['*.example.com', 'a.example.com', '*.a.example.com']) {
      given(...withEgress)
        .when(addEgressRule('0002', 'allow', 'api', to))
        .thenWritten([egressRule('0002', `allow api -> ${to}:443`)], told('0002', 'allow', 'api', to), [warning]);
    }
    given(...withEgress)
      .when(addEgressRule('0002', 'allow', 'api', 'example.com'))
      .thenWritten([egressRule('0002', 'allow api -> example.com:443')], told('0002', 'allow', 'api', 'example.com'));
  });

  it('warns of a source that stands for nobody', () => {
    given(...dev)
      .when(addEgressRule('0001', 'allow', 'label:tier=none', 'example.com'))
      .thenWritten(
        [egressRule('0001', 'allow label:tier=none -> example.com:443')],
        told('0001', 'allow', 'label:tier=none', 'example.com'),
        ['SOURCE_STANDS_FOR_NOBODY: no attached sandbox of dev has label:tier=none now'],
      );
  });

  it('refuses the id of a sandbox where an alias would stand', () => {
    given(...withApi)
      .when(addEgressRule('0001', 'deny', 'sbx-web', 'example.com', { meant: 'sbx-web' }))
      .thenRefused('invalid', 'SOURCE_IS_SANDBOX', 'sandbox:sbx-web');
  });

  it('refuses developers’ machines as sources, and an id that is taken', () => {
    for (const from of ['local', 'local:ada']) {
      given(...withApi)
        .when(addEgressRule('0001', 'allow', from, 'example.com'))
        .thenRefused('invalid', 'EGRESS_FROM_LOCAL');
    }
    given(...withEgress)
      .when(addEgressRule('0001', 'allow', 'any', 'other.example'))
      .thenRefused('conflict', 'RULE_ID_TAKEN');
  });
});

describe('a network with many egress rules', () => {
  const { egressRules: most } = NETWORK_LIMITS;
  const rules = (count: number) =>
    Array.from({ length: count }, (_, n) => egressRule(`many${n}`, `allow any -> n${n}.example.com:443`));

  it('takes as many as it may have, and no more', () => {
    const add = addEgressRule('0001', 'allow', 'any', 'a.example.com');
    given(...withApi, ...rules(most - 1))
      .when(add)
      .thenWritten(
        [egressRule('0001', 'allow any -> a.example.com:443')],
        told('0001', 'allow', 'any', 'a.example.com'),
      );
    given(...withApi, ...rules(most))
      .when(add)
      .thenRefused('conflict', 'TOO_MANY_EGRESS_RULES');
  });
});

describe('an egress rule that names an exit', () => {
  const byExit = { ...told('0001', 'allow', 'any', 'a.example.com'), via: 'host-b' };

  it('is another rule than the one without', () => {
    given(...withApi, egressRule('0002', 'allow any -> a.example.com:443'))
      .when(addEgressRule('0001', 'allow', 'any', 'a.example.com', { via: 'host-b' }))
      .thenWritten([egressRule('0001', 'allow any -> a.example.com:443 via host-b')], byExit, [
        "ANOTHER_EXIT: rule-0002 sends the same connections through each sandbox's own agent; connections that match both rules leave from host-b",
      ]);
  });

  it('tells which exit connections take that another rule lets leave elsewhere', () => {
    given(...withApi, egressRule('0000', 'allow api -> *.example.com:443 via host-c'))
      .when(addEgressRule('0001', 'allow', 'any', 'a.example.com', { via: 'host-b' }))
      .thenWritten([egressRule('0001', 'allow any -> a.example.com:443 via host-b')], byExit, [
        'ANOTHER_EXIT: rule-0000 sends the same connections through host-c; connections that match both rules leave from host-c',
      ]);
  });

  it('is the exit also where an earlier rule names none', () => {
    given(...withApi, egressRule('0000', 'allow api -> *.example.com:443'))
      .when(addEgressRule('0001', 'allow', 'any', 'a.example.com', { via: 'host-b' }))
      .thenWritten([egressRule('0001', 'allow any -> a.example.com:443 via host-b')], byExit, [
        "ANOTHER_EXIT: rule-0000 sends the same connections through each sandbox's own agent; connections that match both rules leave from host-b",
      ]);
  });

  it('gives way to the exit of an earlier rule alone', () => {
    given(...withApi, egressRule('0002', 'allow api -> *.example.com:443 via host-c'))
      .when(addEgressRule('0001', 'allow', 'any', 'a.example.com', { via: 'host-b' }))
      .thenWritten([egressRule('0001', 'allow any -> a.example.com:443 via host-b')], byExit, [
        'ANOTHER_EXIT: rule-0002 sends the same connections through host-c; connections that match both rules leave from host-b',
      ]);
  });

  it('tells of other exits in the order of their rules, ten at most', () => {
    const others = Array.from({ length: 12 }, (_, n) => String(9_000 - n));
    const warnings = others.toReversed().slice(0, 10);
    given(...withApi, ...others.map((id) => egressRule(id, 'allow any -> a.example.com:443')))
      .when(addEgressRule('0001', 'allow', 'any', 'a.example.com', { via: 'host-b' }))
      .thenWritten(
        [egressRule('0001', 'allow any -> a.example.com:443 via host-b')],
        byExit,
        warnings.map(
          (id) =>
            `ANOTHER_EXIT: rule-${id} sends the same connections through each sandbox's own agent; connections that match both rules leave from host-b`,
        ),
      );
  });

  it('is never a deny', () => {
    given(...withApi)
      .when(addEgressRule('0001', 'deny', 'any', 'a.example.com', { via: 'host-b' }))
      .thenRefused('invalid', 'EXIT_OF_DENY');
  });

  it('names its agent as one of the network', () => {
    expect(agentsNamedBy(egressRule('0001', 'allow any -> a.example.com:443 via host-b'))).to.deep.equal(['host-b']);
  });
});

describe('removing an egress rule', () => {
  it('writes that, and tells what it was', () => {
    given(...withEgress)
      .when(removeEgressRule('0001'))
      .thenWritten([egressRuleRemoved('0001')], told('0001', 'deny', 'any', '*.example.com'));
  });

  it('refuses one that is not there', () => {
    given(...withApi)
      .when(removeEgressRule('0001'))
      .thenRefused('not-found', 'RULE_NOT_FOUND');
  });
});

describe('what the events of egress rules mean', () => {
  it('denials and removals are urgent, and none is about an element that all agents share', () => {
    const allow = egressRule('0001', 'allow any -> example.com:443');
    const deny = egressRule('0001', 'deny any -> example.com:443');
    const removed = egressRuleRemoved('0001');
    expect([allow, deny, removed].map(takesSomethingAway)).to.deep.equal([false, true, true]);
    expect([allow, deny, removed].flatMap(elementsTouchedBy)).to.deep.equal([]);
    expect([allow, deny, removed].flatMap(agentsNamedBy)).to.deep.equal([]);
  });
});
