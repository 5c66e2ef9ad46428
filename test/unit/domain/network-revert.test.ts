import { expect } from 'chai';
import fc from 'fast-check';
import type { SandboxId } from '#libs/contracts/ids.js';
import { DomainError } from '#libs/domain/decision.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import type { Topology } from '#libs/policy/model.js';
import { wholeReachabilityChange } from '#libs/policy/whole-reachability.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import { networkEvents } from '#test/unit/policy/arbitraries.js';
import {
  aliasRemoved,
  attached,
  detached,
  egressRule,
  egressRuleRemoved,
  labelled,
  portsChanged,
  published,
  rule,
  ruleRemoved,
} from '#test/unit/policy/network-events.js';
import { sandboxState } from './network-commands.js';
import { withRule } from './network-fixtures.js';

/** Earlier than any end that the property tests draw. */
const BEFORE_ANY_END = new Date('2026-01-01T00:00:00.000Z');

type Sandboxes = ReadonlyMap<SandboxId, SandboxState>;

function folded(events: readonly NetworkEvent[]): Topology {
  const topology = evolveNetworkThrough(null, events);
  if (topology === null) throw new Error('no events');
  // As the deciders leave it: an alias is removed with its sandbox.
  const aliases = [...topology.aliases].filter(([, { sandboxId }]) => topology.sandboxes.has(sandboxId));
  return { ...topology, aliases: new Map(aliases) };
}

function reverted(present: Topology, past: Topology, sandboxes: Sandboxes, now = BEFORE_ANY_END) {
  const decision = decideNetwork<'RevertNetwork'>({ kind: 'RevertNetwork', past, sandboxes, now }, present);
  if (decision instanceof DomainError) throw decision;
  return { ...decision, after: evolveNetworkThrough(present, decision.events) as Topology };
}

/** Everything of a network that a revert restores. */
const owned = ({ sandboxes, aliases, rules, egressRules }: Topology) => ({
  sandboxes: [...sandboxes.keys()].sort(),
  aliases: [...aliases.values()].map(({ since: _, ...alias }) => alias).sort(byText),
  rules: [...rules.values()].map(({ since: _, ...one }) => one).sort(byText),
  egressRules: [...egressRules.values()].map(({ since: _, ...one }) => one).sort(byText),
});
const byText = (one: unknown, other: unknown) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);

/** The version with the labels and hosts that its sandboxes have now. */
function withPresentLabels(past: Topology, present: Topology, sandboxes: Sandboxes): Topology {
  const now = [...past.sandboxes].flatMap(([id, then]): [SandboxId, typeof then][] => {
    const known = present.sandboxes.get(id) ?? sandboxes.get(id);
    return known === undefined ? [] : [[id, { ...then, labels: known.labels, agentId: known.agentId }]];
  });
  const there = new Map(now);
  const aliases = [...past.aliases].filter(([, { sandboxId }]) => there.has(sandboxId));
  return { ...past, sandboxes: there, aliases: new Map(aliases) };
}

const history = networkEvents.chain((events) =>
  fc.record({
    events: fc.constant(events),
    version: fc.integer({ min: 1, max: events.length }),
    known: fc.subarray(['sbx-1', 'sbx-2', 'sbx-3', 'sbx-4']),
  }),
);
const knownOf = (ids: readonly string[], labels = {}): Sandboxes =>
  new Map(ids.map((id) => sandboxState(id, 'host-a', labels)).map((state) => [state.sandboxId, state]));

describe('reverting a network', () => {
  it('to any version lets through what that version did, by the labels of now and the sandboxes that exist', () => {
    fc.assert(
      fc.property(history, ({ events, version, known }) => {
        const [past, present] = [folded(events.slice(0, version)), folded(events)];
        const sandboxes = knownOf(known, { tier: 'web' });
        const { after } = reverted(present, past, sandboxes);
        const wanted = withPresentLabels(past, present, sandboxes);
        expect(wholeReachabilityChange(wanted, after, TEST_TIME_MS)).to.deep.equal({ gained: [], lost: [] });
        expect(owned(after)).to.deep.equal(owned(wanted));
        expect(reverted(after, past, sandboxes).events).to.deep.equal([]);
      }),
      { numRuns: 500 },
    );
  });

  for (const [what, ending, isRemoved] of [
    ['a rule', rule('0009', 'allow any -> api:9090 until 2026-01-31T12:00:00.000Z'), ruleRemoved('0009')],
    [
      'a rule about a name outside',
      egressRule('e0009', 'allow any -> example.com:443 until 2026-01-31T12:00:00.000Z'),
      egressRuleRemoved('e0009'),
    ],
  ] as const) {
    it(`brings ${what} with an end back with that end, and not when its time is over`, () => {
      const [past, present] = [folded([...withRule, ending]), folded([...withRule, ending, isRemoved])];
      const at = (time: string) => reverted(present, past, new Map(), new Date(time)).events;
      expect(at('2026-01-31T11:59:59.999Z')).to.deep.equal([ending]);
      expect(at('2026-01-31T12:00:00.000Z')).to.deep.equal([]);
    });
  }

  it('lets through exactly what the version did when no label has changed since', () => {
    fc.assert(
      fc.property(history, ({ events, version }) => {
        const kept = events.filter(({ type }) => type !== 'SandboxLabelsChanged');
        const [past, present] = [folded(kept.slice(0, version)), folded(kept)];
        const labelsThen = new Map(
          [...past.sandboxes.values()].map(({ sandboxId, agentId, labels }) => [
            sandboxId,
            sandboxState(sandboxId, agentId, labels),
          ]),
        );
        // A sandbox that was attached again may have other labels now.
        fc.pre(
          [...present.sandboxes].every(([id, now]) => same(now.labels, past.sandboxes.get(id)?.labels ?? now.labels)),
        );
        const { after } = reverted(present, past, labelsThen);
        expect(wholeReachabilityChange(past, after, TEST_TIME_MS)).to.deep.equal({ gained: [], lost: [] });
      }),
      { numRuns: 300 },
    );
  });
  const same = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other);

  const rows: readonly (readonly [string, readonly NetworkEvent[], readonly string[]])[] = [
    ['nothing since', [], []],
    ['a rule added', [rule('0002', 'deny any -> api:8080')], ['PolicyRuleRemoved']],
    ['a rule removed', [ruleRemoved('0001')], ['PolicyRuleAdded']],
    ['an egress rule added', [egressRule('e0001', 'allow any -> example.com:443')], ['EgressRuleRemoved']],
    ['an alias removed', [aliasRemoved('api')], ['AliasPublished']],
    ['other ports', [portsChanged('api', 9090)], ['AliasPortsChanged']],
    ['another publisher', [aliasRemoved('api'), published('api', 'sbx-web', 8080)], ['AliasRemoved', 'AliasPublished']],
    ['a sandbox attached', [attached('sbx-new'), published('new', 'sbx-new', 80)], ['AliasRemoved', 'SandboxDetached']],
    ['a sandbox detached', [aliasRemoved('api'), detached('sbx-api')], ['SandboxAttached', 'AliasPublished']],
    ['a rule added and removed', [rule('0002', 'deny any -> api:8080'), ruleRemoved('0002')], []],
  ];
  for (const [what, since, types] of rows) {
    it(`with ${what}: ${types.join(', ') || 'writes nothing'}`, () => {
      const { events, unchangedSince } = reverted(
        folded([...withRule, ...since]),
        folded(withRule),
        knownOf(['sbx-api']),
      );
      expect(events.map(({ type }) => type)).to.deep.equal(types);
      expect(unchangedSince).to.equal(types.length === 0 ? withRule.length + since.length : null);
    });
  }

  it('brings an egress rule back as it was, with its id', () => {
    const added = egressRule('e0001', 'allow any -> example.com:443 private via host-b');
    const { events } = reverted(
      folded([...withRule, added, egressRuleRemoved('e0001')]),
      folded([...withRule, added]),
      new Map(),
    );
    expect(events).to.deep.equal([added]);
  });

  it('takes away first, and allows last', () => {
    const since = [ruleRemoved('0001'), rule('0002', 'allow local -> api:8080')];
    const { events } = reverted(folded([...withRule, ...since]), folded(withRule), new Map());
    expect(events.map(({ type }) => type)).to.deep.equal(['PolicyRuleRemoved', 'PolicyRuleAdded']);
  });

  it('brings back the ports that an alias had', () => {
    const { events } = reverted(folded([...withRule, portsChanged('api', 80, 9090)]), folded(withRule), new Map());
    expect(events).to.deep.equal([portsChanged('api', 8080)]);
  });

  it('writes what is of one kind in order, whatever the order in which it came to be', () => {
    const [before, since] = [
      [
        ...[attached('sbx-o2', 'host-a'), attached('sbx-o1', 'host-a')],
        ...[published('o2', 'sbx-web', 80), published('o1', 'sbx-web', 80)],
        ...[rule('0005', 'allow any -> o1:80'), rule('0004', 'allow any -> o2:80')],
        ...[egressRule('e0005', 'allow any -> example.com:443'), egressRule('e0004', 'deny any -> example.com:443')],
      ],
      [
        ...[attached('sbx-n2', 'host-a'), attached('sbx-n1', 'host-a')],
        ...[published('n2', 'sbx-web', 80), published('n1', 'sbx-web', 80)],
        ...[rule('0009', 'allow any -> n1:80'), rule('0008', 'allow any -> n2:80')],
        ...[egressRule('e0009', 'allow any -> example.org:443'), egressRule('e0008', 'deny any -> example.org:443')],
      ],
    ];
    const { events } = reverted(
      folded([...withRule, ...since]),
      folded([...withRule, ...before]),
      knownOf(['sbx-o2', 'sbx-o1']),
    );
    expect(events).to.deep.equal([
      ...[ruleRemoved('0008'), ruleRemoved('0009'), egressRuleRemoved('e0008'), egressRuleRemoved('e0009')],
      ...[aliasRemoved('n1'), aliasRemoved('n2'), detached('sbx-n1'), detached('sbx-n2')],
      ...[attached('sbx-o1', 'host-a'), attached('sbx-o2', 'host-a')],
      ...[published('o1', 'sbx-web', 80), published('o2', 'sbx-web', 80)],
      ...[rule('0004', 'allow any -> o2:80'), rule('0005', 'allow any -> o1:80')],
      ...[egressRule('e0004', 'deny any -> example.com:443'), egressRule('e0005', 'allow any -> example.com:443')],
    ]);
  });

  /** sbx-two publishes two aliases, and sbx-bare none; all three are attached no more. */
  const then = [
    ...withRule,
    ...[attached('sbx-two', 'host-a'), attached('sbx-bare', 'host-a'), published('web', 'sbx-web', 80)],
    ...[published('two', 'sbx-two', 80), published('also', 'sbx-two', 80)],
  ];
  const gone = [
    ...[...then, aliasRemoved('api'), aliasRemoved('two'), aliasRemoved('also')],
    ...[detached('sbx-two'), detached('sbx-bare'), detached('sbx-api')],
  ];
  const unknown = 'no longer exists, so it is not attached';
  const absent = 'is attached again, but no agent has it now';
  it('says which sandboxes do not exist any more, with their aliases', () => {
    const { events, warnings } = reverted(folded(gone), folded(then), new Map());
    expect(events).to.deep.equal([]);
    expect(warnings).to.deep.equal(
      [
        `sbx-api ${unknown}; aliases not published: api`,
        `sbx-bare ${unknown}`,
        `sbx-two ${unknown}; aliases not published: also, two`,
      ].map((message) => ({ code: 'SANDBOX_UNKNOWN', message })),
    );
  });

  it('says which sandboxes no agent has now, and attaches them all the same', () => {
    const ids = ['sbx-web', 'sbx-two', 'sbx-bare', 'sbx-api'];
    const nobodyHas = new Map([...knownOf(ids)].map(([id, state]) => [id, { ...state, present: false }]));
    const { events, warnings } = reverted(folded(gone), folded(then), nobodyHas);
    expect(events.map(({ type }) => type)).to.deep.equal([
      ...Array(3).fill('SandboxAttached'),
      ...Array(3).fill('AliasPublished'),
    ]);
    // sbx-web is attached as it is: nothing about it is new.
    expect(warnings).to.deep.equal(
      [
        `sbx-api ${absent}; aliases that cannot be reached until an agent reports it: api`,
        `sbx-bare ${absent}`,
        `sbx-two ${absent}; aliases that cannot be reached until an agent reports it: also, two`,
      ].map((message) => ({ code: 'SANDBOX_GONE', message })),
    );
    expect(reverted(folded(gone), folded(then), knownOf(ids)).warnings).to.deep.equal([]);
  });

  it('says which labels that its rules name are others now', () => {
    const before = [
      ...[...withRule, labelled('sbx-web', { tier: 'web', env: 'test' })],
      ...[rule('0002', 'deny label:tier=web -> api:8080'), rule('0003', 'deny label:tier=db -> api:8080')],
      ...[rule('0004', 'deny label:env=test -> api:8080'), rule('0005', 'deny label:team=shop -> api:8080')],
      egressRule('e0001', 'deny label:tier=web -> example.com:443'),
    ];
    const since = [labelled('sbx-web', { tier: 'db', env: 'test' })];
    const { warnings } = reverted(folded([...before, ...since]), folded(before), new Map());
    expect(warnings).to.deep.equal([
      {
        code: 'LABELS_DIFFER',
        message:
          'the labels of sbx-web have changed since: rules about label:tier=db, label:tier=web follow its present labels',
      },
    ]);
    expect(
      reverted(folded([...withRule, labelled('sbx-web', {})]), folded(withRule), new Map()).warnings,
    ).to.deep.equal([]);
  });

  it('says nothing of the labels of a sandbox that does not exist any more', () => {
    const before = [...withRule, rule('0002', 'deny label:tier=web -> api:8080')];
    const { warnings } = reverted(
      folded([...before, aliasRemoved('api'), detached('sbx-api')]),
      folded(before),
      new Map(),
    );
    expect(warnings.map(({ code }) => code)).to.deep.equal(['SANDBOX_UNKNOWN']);
  });
});
