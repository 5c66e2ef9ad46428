import { expect } from 'chai';
import fc from 'fast-check';
import { parseAliasName, parsePolicyTestId, parseRuleId } from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { DomainError } from '#libs/domain/decision.js';
import type { NetworkCommand } from '#libs/domain/network/commands.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { holds } from '#libs/domain/network/policy-tests.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import { aliasName, portNumber, selectorText, topology } from '#test/unit/policy/arbitraries.js';
import {
  attached,
  labelled,
  policyTest,
  policyTestRemoved,
  rule,
  testsOverridden,
  topologyOf,
} from '#test/unit/policy/network-events.js';
import { declared } from './declared-networks.js';
import {
  addRule,
  attach,
  carriedOut,
  detach,
  given,
  publish,
  relabel,
  remove,
  removeRule,
  unpublish,
} from './network-commands.js';
import { withApi, withRule } from './network-fixtures.js';

const test = (id: string, from: string, to: string, port: number, effect: 'allow' | 'deny') => ({
  ...{ testId: parsePolicyTestId(`test-${id}`, 'test'), from: parseSelector(from, 'from') },
  ...{ to: parseAliasName(to, 'to'), port, effect },
});
const add = (...of: Parameters<typeof test>): NetworkCommand => ({ kind: 'AddPolicyTest', ...test(...of) });
const told = (id: string, from: string, effect: string) => ({ id: `test-${id}`, from, to: 'api', port: 8080, effect });

/** One test says that any may reach api, an earlier one that local may not. */
const kept = [...withRule, policyTest('0002', 'local -> api:8080 deny'), policyTest('0001', 'any -> api:8080 allow')];

const SAYS: { readonly [id: string]: string } = {
  'test-0001': 'any to api:8080 is allow',
  'test-0002': 'local to api:8080 is deny',
};

/** Writes and the tests that they break. */
const breaking: readonly (readonly [string, NetworkCommand, readonly string[]])[] = [
  ['a deny', addRule('0002', 'deny', 'sandbox:sbx-web', 'api', 8080), ['test-0001']],
  ['an allow', addRule('0002', 'allow', 'local', 'api', 8080), ['test-0002']],
  ['the removal of a rule', removeRule('0001'), ['test-0001']],
  ['the removal of an alias', unpublish('api'), ['test-0001']],
  ['the removal of a port', publish('sbx-api', 'api', [9090], { replacePorts: true }), ['test-0001']],
  ['a detachment', detach('sbx-api'), ['test-0001']],
  [
    'a declaration',
    declared({ sandboxes: ['sbx-api: api 8080'], rules: ['allow local api 8080'], prune: true }),
    ['test-0001', 'test-0002'],
  ],
];

describe('policy tests of a network', () => {
  it('are kept when what they say is so, each once', () => {
    given(...withRule)
      .when(add('0001', 'any', 'api', 8080, 'allow'))
      .thenWritten([policyTest('0001', 'any -> api:8080 allow')], told('0001', 'any', 'allow'));
    given(...kept)
      .when(add('0003', 'any', 'api', 8080, 'allow'))
      .thenWritten([], told('0001', 'any', 'allow'));
  });

  it('are refused when what they say is not so, or so for some alone', () => {
    const mixed = [...withApi, rule('0001', 'allow sandbox:sbx-web -> api:8080')];
    given(...mixed)
      .when(add('0001', 'any', 'api', 8080, 'deny'))
      .thenRefused('conflict', 'POLICY_TEST_FAILS', 'mixed');
    given(...kept)
      .when(add('0003', 'local', 'api', 8080, 'allow'))
      .thenRefused('conflict', 'POLICY_TEST_FAILS', 'explain dev local');
  });

  it('are a thousand at most', () => {
    const many = Array.from({ length: NETWORK_LIMITS.policyTests - 2 }, (_, n) =>
      policyTest(`many${n}`, `label:n=${n} -> api:8080 deny`),
    );
    const another = add('0003', 'label:n=new', 'api', 8080, 'deny');
    expect(carriedOut([...kept, ...many.slice(1)], another).events).to.have.length(1);
    given(...kept, ...many)
      .when(another)
      .thenRefused('conflict', 'TOO_MANY_POLICY_TESTS');
  });

  it('are removed by their id', () => {
    const testId = parsePolicyTestId('test-0001', 'test');
    given(...kept)
      .when({ kind: 'RemovePolicyTest', testId })
      .thenWritten([policyTestRemoved('0001')], told('0001', 'any', 'allow'));
    expect([...topologyOf(...kept, policyTestRemoved('0001')).policyTests.keys()]).to.deep.equal(['test-0002']);
    given(...withApi)
      .when({ kind: 'RemovePolicyTest', testId })
      .thenRefused('not-found', 'POLICY_TEST_NOT_FOUND', 'test list dev');
  });

  for (const [title, command, tests] of breaking) {
    it(`refuse ${title} that breaks ${tests.join(' and ')}, and an event names what an admin overrides`, () => {
      given(...kept)
        .when(command)
        .thenRefused('conflict', 'POLICY_TEST_BROKEN', ...tests, ...tests.map((id) => SAYS[id] ?? ''), '--override');
      const [free, overridden] = [
        decideNetwork(command, topologyOf(...withRule)),
        decideNetwork(command, topologyOf(...kept), true),
      ];
      if (free instanceof DomainError || overridden instanceof DomainError) throw new Error('both are carried out');
      const event = testsOverridden(...tests.map((id) => id.slice('test-'.length)));
      expect(overridden.events).to.deep.equal([...free.events, event]);
      const warnings = overridden.warnings.filter(({ code }) => code === 'POLICY_TEST_OVERRIDDEN');
      expect(warnings.map(({ message }) => message)).to.deep.equal(
        tests.map((id) => `${id} fails from now on: ${SAYS[id]}`),
      );
    });
  }

  it('let pass what breaks none, and do not name themselves where nothing is overridden', () => {
    for (const command of [attach('sbx-new'), addRule('0002', 'allow', 'any', 'api', 8080), removeRule('0002')]) {
      const network = topologyOf(...kept, rule('0002', 'deny any -> api:9090'));
      const decision = decideNetwork(command, network, true);
      if (decision instanceof DomainError) throw decision;
      expect(decision.events.map(({ type }) => type)).not.to.include('PolicyTestsOverridden');
    }
  });

  it('do not hold up what comes from a sandbox itself or ends the network; one that fails is not broken again', () => {
    const byLabel = [
      ...withApi,
      rule('0001', 'allow label:tier=web -> api:8080'),
      policyTest('0001', 'sandbox:sbx-web -> api:8080 allow'),
    ];
    given(...byLabel)
      .when(relabel('sbx-web', {}))
      .thenWritten([labelled('sbx-web', {})], null);
    given(...byLabel, labelled('sbx-web', {}), attached('sbx-new'))
      .when(removeRule('0001'))
      .thenWritten([{ type: 'PolicyRuleRemoved', data: { ruleId: parseRuleId('rule-0001', 'rule') } }], {
        id: 'rule-0001',
        effect: 'allow',
        from: 'label:tier=web',
        to: 'api',
        port: 8080,
      });
    expect(decideNetwork(remove(true), topologyOf(...kept))).not.to.be.instanceOf(DomainError);
  });

  it('that hold go on holding after every write that is not refused', () => {
    const tests = fc.array(fc.tuple(selectorText, aliasName, portNumber, fc.constantFrom('allow', 'deny')), {
      maxLength: 4,
    });
    const command = fc.oneof(
      fc
        .tuple(fc.constantFrom('allow', 'deny'), selectorText, aliasName, portNumber)
        .map((of) => addRule('9999', ...of)),
      aliasName.map(unpublish),
      fc.constantFrom('sbx-1', 'sbx-2', 'sbx-3').map(detach),
    );
    fc.assert(
      fc.property(topology, tests, command, (network, wanted, write) => {
        let tested = network;
        for (const [index, [from, to, port, effect]] of wanted.entries()) {
          const decision = decideNetwork(add(`000${index}`, from, to, port, effect), tested);
          if (!(decision instanceof DomainError)) tested = evolveNetworkThrough(tested, decision.events) ?? tested;
        }
        const decision = decideNetwork(write, tested);
        if (decision instanceof DomainError) return;
        const after = evolveNetworkThrough(tested, decision.events as readonly NetworkEvent[]) ?? tested;
        for (const one of tested.policyTests.values()) expect(holds(after, one), one.id).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });
});
