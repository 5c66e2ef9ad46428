import { expect } from 'chai';
import { DomainError } from '#libs/domain/decision.js';
import type { NetworkCommand } from '#libs/domain/network/commands.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import { evolveNetwork, evolveNetworkThrough } from '#libs/domain/network/state.js';
import { participants } from '#libs/policy/compile.js';
import type { Topology } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { WatchedMap } from '#test/support/watched-map.js';
import { attached, created, published, rule, topologyOf } from '../policy/network-events.js';
import { addRule, attach, detach, publish, removeRule, unpublish } from './network-commands.js';

const MANY = 5_000;
const numbers = Array.from({ length: MANY }, (_, index) => index);
const idOf = (index: number): string => String(index).padStart(5, '0');

const CHANGES: readonly (readonly [change: string, command: NetworkCommand])[] = [
  ['an alias published', publish('sbx-a', 'new')],
  ['its ports replaced', publish('sbx-a', 'a1', [81], { replacePorts: true })],
  ['an alias removed that rules name', unpublish('a2')],
  ['a sandbox attached with its alias', attach('sbx-new', { agent: 'host-a', as: 'another' })],
  ['a sandbox detached with its alias', detach('sbx-b')],
  ['a rule added', addRule('new1', 'allow', 'a3', 'a0', 80)],
  ['a rule that is there already', addRule('new2', 'allow', 'a4', 'a0', 80)],
  ['an allow beside a deny', addRule('new3', 'allow', 'local', 'a7', 80)],
  ['a rule removed', removeRule(idOf(5))],
];

describe(`in a network of ${MANY} aliases and rules`, () => {
  const watched: WatchedMap<unknown, unknown>[] = [];
  let network: Topology;

  function watch<Key, Value>(map: ReadonlyMap<Key, Value>): ReadonlyMap<Key, Value> {
    const copy = new WatchedMap(map);
    watched.push(copy);
    return copy;
  }

  before(() => {
    const { aliases, rules, ...others } = topologyOf(
      created(),
      attached('sbx-a', 'host-a'),
      attached('sbx-b', 'host-b'),
      ...numbers.map((index) => published(`a${index}`, 'sbx-a', 80)),
      published('b', 'sbx-b', 80),
      ...numbers.map((index) => rule(idOf(index), `allow a${index} -> a0:80`)),
      rule('deny', 'deny any -> a7:80'),
    );
    network = { ...others, aliases: watch(aliases), rules: watch(rules) };
    // Made once, and carried on from version to version.
    policyIndex(network);
  });

  for (const [change, command] of CHANGES) {
    it(`${change} is decided and takes effect without a walk over all of them`, () => {
      for (const map of watched) map.walked = 0;
      const decision = decideNetwork(command, network);
      if (decision instanceof DomainError) throw decision;
      const after = decision.events.reduce<Topology>(evolveNetwork, network);
      expect(evolveNetworkThrough(network, decision.events)?.version).to.equal(after.version);
      expect(policyIndex(after).verdicts.size).to.equal(0);
      expect(participants(after)).to.include('host-a');
      expect(watched.map(({ walked }) => walked)).to.deep.equal([0, 0]);
    });
  }
});
