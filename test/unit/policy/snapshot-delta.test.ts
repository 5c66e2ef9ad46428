import { expect } from 'chai';
import fc from 'fast-check';
import { parseAgentId } from '#libs/contracts/ids.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import { compile, compileTree } from '#libs/policy/compile.js';
import type { Snapshot, Topology } from '#libs/policy/model.js';
import { parseDelta } from '#libs/policy/parse-delta.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { applyDelta, DeltaUnfoundedError, diff } from '#libs/policy/snapshot-delta.js';
import { snapshotHash, treeHash, treeOf } from '#libs/policy/snapshot-digest.js';
import { agentName, networkEvents } from './arbitraries.js';
import {
  aliasRemoved,
  attached,
  created,
  egressRule,
  egressRuleRemoved,
  published,
  rule,
  ruleRemoved,
  topologyOf,
} from './network-events.js';

const agent = (name: string) => parseAgentId(name, 'agent');
const hostA = agent('host-a');

/** The same value, without cached data. */
const afresh = (snapshot: Snapshot): Snapshot => structuredClone(snapshot);

/** Two versions of one network, in either order, as one agent holds them. */
const twoVersions = fc
  .tuple(networkEvents, fc.nat({ max: 60 }), fc.nat({ max: 60 }), agentName)
  .map(([events, one, other, name]) => {
    const at = (cut: number) => evolveNetworkThrough(null, events.slice(0, 1 + (cut % events.length))) as Topology;
    return { before: at(one), after: at(other), agentId: agent(name) };
  });

describe('a delta', () => {
  it('leads from one version to any other, with the hash of it, over the bus as in memory', () => {
    fc.assert(
      fc.property(twoVersions, ({ before, after, agentId }) => {
        const [a, b] = [compile(before, agentId), compile(after, agentId)];
        const delta = diff(compileTree(before, agentId), compileTree(after, agentId));
        for (const received of [delta, parseDelta(JSON.parse(JSON.stringify(delta)))]) {
          const applied = applyDelta(received, a);
          expect(applied).to.deep.equal(b);
          expect(snapshotHash(applied)).to.equal(snapshotHash(afresh(b)));
          expect(treeHash(compileTree(after, agentId))).to.equal(snapshotHash(afresh(b)));
        }
        expect(diff(treeOf(afresh(a)), treeOf(afresh(b)))).to.deep.equal(delta);
      }),
      { numRuns: 300 },
    );
  });

  it('leads on from what a delta led to', () => {
    fc.assert(
      fc.property(networkEvents, agentName, (events, name) => {
        const versions = events.map((_, index) => evolveNetworkThrough(null, events.slice(0, index + 1)) as Topology);
        let held = compile(versions[0] as Topology, agent(name));
        for (const version of versions.slice(1)) {
          held = applyDelta(diff(treeOf(held), compileTree(version, agent(name))), held);
        }
        const last = compile(versions.at(-1) as Topology, agent(name));
        expect(held).to.deep.equal(last);
        expect(snapshotHash(held)).to.equal(snapshotHash(afresh(last)));
      }),
    );
  });

  const network = topologyOf(
    created(),
    attached('sbx-a', 'host-a'),
    published('api', 'sbx-a', 80),
    rule('0001', 'allow any -> api:80'),
  );
  const held = compile(network, hostA);
  const toNext = (next: Topology) => diff(treeOf(held), compileTree(next, hostA));

  it('names what changed alone, in order, of more elements than there are buckets', () => {
    const ids = Array.from({ length: 600 }, (_, index) => String(1_000 + index));
    const many = [
      ...[created(), attached('sbx-a', 'host-a'), published('api', 'sbx-a', 80)],
      ...ids.map((id) => rule(id, 'allow any -> api:80')),
      ...ids.slice(0, 3).map((id) => egressRule(`e${id}`, 'allow any -> example.com:443')),
    ];
    const added = ['1900', '1700', '1800'].map((id) => rule(id, 'deny any -> api:80'));
    const removed = ['1500', '1300', '1400'].map(ruleRemoved);
    const before = topologyOf(...many);
    const outside = [egressRule('e1900', 'deny any -> example.com:443'), egressRuleRemoved('e1001')];
    const after = topologyOf(...many, ...added, ...removed, ...outside);
    const { rules, egress, sandboxes, aliases } = diff(compileTree(before, hostA), compileTree(after, hostA));
    expect([rules.gone, rules.put.map(({ id }) => id)]).to.deep.equal([
      ['rule-1300', 'rule-1400', 'rule-1500'],
      ['rule-1700', 'rule-1800', 'rule-1900'],
    ]);
    expect([egress.gone, egress.put.map(({ id }) => id)]).to.deep.equal([['rule-e1001'], ['rule-e1900']]);
    for (const list of [sandboxes, aliases]) expect(list).to.deep.equal({ gone: [], put: [] });
  });

  it('names what changed alone, and shares the lists that it leaves', () => {
    const next = topologyOf(
      created(),
      attached('sbx-a', 'host-a'),
      published('api', 'sbx-a', 80),
      rule('0001', 'allow any -> api:80'),
      published('web', 'sbx-a', 80),
    );
    const delta = toNext(next);
    expect(delta).to.deep.include({
      sandboxes: { gone: [], put: [] },
      aliases: { gone: [], put: [{ alias: 'web', sandboxId: 'sbx-a', ports: [{ published: 80, target: 80 }] }] },
      rules: { gone: [], put: [] },
      egress: { gone: [], put: [] },
    });
    const applied = applyDelta(delta, held);
    expect(applied.rules).to.equal(held.rules);
    expect(applied.sandboxes).to.equal(held.sandboxes);
    expect(held.aliases).to.have.length(1);
  });

  it('that takes away what is not held is unfounded', () => {
    const without = topologyOf(
      created(),
      attached('sbx-a', 'host-a'),
      published('api', 'sbx-a', 80),
      aliasRemoved('api'),
    );
    const delta = toNext(without);
    expect(() => applyDelta(delta, compile(without, hostA)))
      .to.throw(DeltaUnfoundedError, 'api')
      .with.property('code', 'DELTA_UNFOUNDED');
  });

  const bad: readonly (readonly [string, object])[] = [
    ['of another format', { format: 2 }],
    ['with a member that nobody knows', { more: 1 }],
    ['with a head that is none', { head: { ...held, version: 0 } }],
    ['with an alias that is none', { aliases: { gone: [], put: [{ alias: '', sandboxId: 'sbx-a', ports: [] }] } }],
    ['that takes away a name that is none', { rules: { gone: ['x'], put: [] } }],
  ];
  for (const [what, change] of bad) {
    it(`${what} is refused`, () => {
      const delta = toNext(network);
      expect(() => parseDelta({ ...delta, ...change }))
        .to.throw()
        .with.property('code', 'SNAPSHOT_INVALID');
    });
  }

  it('to a snapshot of another format is refused as that snapshot is', () => {
    const delta = toNext(network);
    expect(() => parseDelta({ ...delta, head: { ...delta.head, format: 2 } }))
      .to.throw('snapshot format 2')
      .with.property('code', 'SNAPSHOT_FORMAT_UNSUPPORTED');
  });

  it('leads to a snapshot that the parser takes', () => {
    fc.assert(
      fc.property(twoVersions, ({ before, after, agentId }) => {
        const delta = diff(compileTree(before, agentId), compileTree(after, agentId));
        const applied = applyDelta(delta, compile(before, agentId));
        expect(applied).to.deep.equal(compile(after, agentId));
        if ([...after.aliases.values()].every(({ sandboxId }) => after.sandboxes.has(sandboxId))) {
          expect(parseSnapshot(structuredClone(applied))).to.deep.equal(applied);
        }
      }),
      { numRuns: 100 },
    );
  });
});
