import { expect } from 'chai';
import fc from 'fast-check';
import { DomainError } from '#libs/domain/decision.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import { declarationOf } from '#libs/domain/network/declaration-of.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import type { Topology } from '#libs/policy/model.js';
import { topology } from '#test/unit/policy/arbitraries.js';
import {
  aliasRemoved,
  attached,
  created,
  detached,
  egressRule,
  egressRuleRemoved,
  portsChanged,
  published,
  rule,
  ruleRemoved,
  topologyOf,
} from '#test/unit/policy/network-events.js';
import { type DeclaredText, declared, declaredCommand } from './declared-networks.js';
import { carriedOut, decided, given } from './network-commands.js';
import { dev, withApi, withRule } from './network-fixtures.js';

/** What a declaration writes on a network, which is also its reported result. */
const writes: readonly (readonly [string, readonly NetworkEvent[], DeclaredText, readonly NetworkEvent[]])[] = [
  [
    'an empty network gets all that is declared, in an order in which each part finds what it needs',
    [created()],
    {
      sandboxes: ['sbx-web: web 80', 'sbx-api: api 8080 80:9090'],
      rules: ['allow web api 8080'],
      egress: ['allow web packages.example.com 443'],
    },
    [
      attached('sbx-web', 'host-a'),
      attached('sbx-api', 'host-a'),
      published('web', 'sbx-web', 80),
      published('api', 'sbx-api', '80:9090', 8080),
      rule('d001', 'allow web -> api:8080'),
      egressRule('e001', 'allow web -> packages.example.com:443'),
    ],
  ],
  [
    'what is so already is not written again',
    withRule,
    { sandboxes: ['sbx-api: api 8080'], rules: ['allow any api 8080'] },
    [],
  ],
  ['what is not declared stays', withRule, { sandboxes: ['sbx-web'] }, []],
  [
    'what is not declared goes when it is pruned',
    [...withRule, egressRule('0002', 'allow any -> packages.example.com:443')],
    { sandboxes: ['sbx-web'], prune: true },
    [ruleRemoved('0001'), egressRuleRemoved('0002'), aliasRemoved('api'), detached('sbx-api')],
  ],
  [
    'declared ports join those that are there',
    withApi,
    { sandboxes: ['sbx-api: api 9090'] },
    [portsChanged('api', 8080, 9090)],
  ],
  [
    'a declared port leads where it is declared to',
    withApi,
    { sandboxes: ['sbx-api: api 8080:3000'] },
    [portsChanged('api', '8080:3000')],
  ],
  [
    'ports that are not declared go when it is pruned',
    withApi,
    { sandboxes: ['sbx-web', 'sbx-api: api 9090'], prune: true },
    [portsChanged('api', 9090)],
  ],
  [
    'an alias moves to the sandbox that is to publish it, with the rules that are declared as well',
    withRule,
    { sandboxes: ['sbx-web: api 8080'], rules: ['allow any api 8080'] },
    [aliasRemoved('api'), published('api', 'sbx-web', 8080)],
  ],
  [
    'an alias comes back to the sandbox that published it, with the rules that are left of it',
    [...withRule, aliasRemoved('api')],
    { sandboxes: ['sbx-api: api 8080'] },
    [published('api', 'sbx-api', 8080)],
  ],
  [
    'what goes, goes in order',
    [
      created(),
      ...[attached('sbx-b'), attached('sbx-a'), published('b', 'sbx-b', 80), published('a', 'sbx-b', 80)],
      ...[rule('0002', 'allow a -> b:80'), rule('0001', 'allow b -> a:80')],
    ],
    { prune: true },
    [
      ...[ruleRemoved('0001'), ruleRemoved('0002'), aliasRemoved('a'), aliasRemoved('b')],
      ...[detached('sbx-a'), detached('sbx-b')],
    ],
  ],
  [
    'a rule of the other effect comes beside the one that is not declared',
    withRule,
    { rules: ['deny any api 8080'] },
    [rule('d001', 'deny any -> api:8080')],
  ],
];

const refusals: readonly (readonly [string, readonly NetworkEvent[], DeclaredText, string, string])[] = [
  [
    'a rule about an alias that is neither there nor declared',
    dev,
    { rules: ['allow any api 1', 'allow any db 1'] },
    'ALIAS_NOT_FOUND',
    'rules[0].to',
  ],
  [
    'a move of an alias whose rules are not declared',
    withRule,
    { sandboxes: ['sbx-api', 'sbx-web: api 8080'] },
    'ALIAS_HAS_RULES',
    'sandboxes[1].aliases[0].alias',
  ],
  [
    'a rule about names outside that lets developers out',
    dev,
    { egress: ['allow local a.example.com 443'] },
    'EGRESS_FROM_LOCAL',
    'egress[0].from',
  ],
];

describe('a declared network', () => {
  for (const [title, events, text, written] of writes) {
    it(title, () => {
      const decision = decideNetwork(declared(text), topologyOf(...events));
      if (decision instanceof DomainError) throw decision;
      expect(decision.events).to.deep.equal(written);
      expect(decision.result).to.deep.equal(written);
    });
  }

  for (const [title, events, text, code, field] of refusals) {
    it(`refuses ${title}, and names its place`, () => {
      const decision = decideNetwork(declared(text), topologyOf(...events));
      expect(decision).to.be.instanceOf(DomainError).and.include({ code, field });
    });
  }

  it('refuses a sandbox that no agent ever reported, unless it is attached already', () => {
    const command = declared({ sandboxes: ['sbx-web', 'sbx-new'] });
    const unknown = { ...command, sandboxes: command.sandboxes.map((one) => ({ ...one, sandbox: null })) };
    given(...dev)
      .when(unknown)
      .thenRefused('not-found', 'SANDBOX_NOT_FOUND', 'sbx-new');
    expect(decided(dev, unknown))
      .to.have.property('field')
      .that.matches(/^sandboxes\[1\]/);
    given(...dev, attached('sbx-new'))
      .when(unknown)
      .thenWritten([], []);
  });

  const upTo = <Event>(count: number, event: (index: number) => Event) =>
    Array.from({ length: count }, (_, n) => event(n));
  /** The place of the second of two, a network with room for one more of a kind, and declarations of one and of two. */
  for (const [code, second, almostAll, one, two] of [
    [
      'TOO_MANY_SANDBOXES',
      'sandboxes[1]',
      () => upTo(NETWORK_LIMITS.sandboxes - 3, (n) => attached(`sbx-${n}`)),
      { sandboxes: ['sbx-one'] },
      { sandboxes: ['sbx-one', 'sbx-two'] },
    ],
    [
      'TOO_MANY_ALIASES',
      'sandboxes[0].aliases[1]',
      () => upTo(NETWORK_LIMITS.aliases - 2, (n) => published(`a${n}`, 'sbx-web', 1)),
      { sandboxes: ['sbx-web: one 1'] },
      { sandboxes: ['sbx-web: one 1, two 2'] },
    ],
    [
      'TOO_MANY_RULES',
      'rules[1]',
      () => upTo(NETWORK_LIMITS.rules - 1, (n) => rule(`many${n}`, `deny label:n=${n} -> api:8080`)),
      { rules: ['deny any api 8080'] },
      { rules: ['deny any api 8080', 'deny local api 8080'] },
    ],
    [
      'TOO_MANY_EGRESS_RULES',
      'egress[1]',
      () => upTo(NETWORK_LIMITS.egressRules - 1, (n) => egressRule(`many${n}`, `deny any -> n${n}.example.com:443`)),
      { egress: ['deny any example.com 443'] },
      { egress: ['deny any example.com 443', 'deny any example.org 443'] },
    ],
  ] as const) {
    it(`counts what comes in one declaration together: ${code}`, () => {
      const full = topologyOf(...withApi, ...almostAll());
      expect(decideNetwork(declared(two), full)).to.include({ code, field: null });
      const written = decideNetwork(declared(one), full);
      if (written instanceof DomainError) throw written;
      const brimming = evolveNetworkThrough(full, written.events);
      expect(decideNetwork(declared(two), brimming)).to.include({ code, field: second });
    });
  }

  it('warns of what its rules do not do once all of it is there', () => {
    const command = declared({
      sandboxes: ['sbx-api: api 8080'],
      rules: ['allow any api 8080', 'deny any api 8080', 'allow gone api 8080'],
      egress: ['allow gone a.example.com 443'],
    });
    const decision = decideNetwork(command, topologyOf(created()));
    if (decision instanceof DomainError) throw decision;
    expect(decision.warnings.map(({ code }) => code)).to.deep.equal(['OVERRIDDEN_BY_DENY', 'SOURCE_STANDS_FOR_NOBODY']);
  });

  it('warns of what its rules about names outside do not do, and of what another rule does as well', () => {
    const { warnings } = carriedOut(
      dev,
      declared({ egress: ['deny any *.example.com 443', 'allow any a.example.com 443', 'allow gone example.org 443'] }),
    );
    expect(warnings.map(({ code }) => code)).to.deep.equal(['OVERRIDDEN_BY_DENY', 'SOURCE_STANDS_FOR_NOBODY']);
  });

  it('tells ten warnings, and how many there are besides', () => {
    const told = (count: number) => {
      const rules = Array.from({ length: count }, (_, n) => `allow label:n=${n} api 8080`);
      return carriedOut(withApi, declared({ rules })).warnings;
    };
    expect(told(10).map(({ code }) => code)).to.deep.equal(Array(10).fill('SOURCE_STANDS_FOR_NOBODY'));
    expect(told(12).slice(0, 10)).to.deep.equal(told(10));
    expect(told(12).slice(10)).to.deep.equal([{ code: 'MORE_WARNINGS', message: 'and 2 more warnings of this kind' }]);
  });

  it('says since which version all that is declared is so', () => {
    const since = (text: DeclaredText) => decideNetwork(declared(text), topologyOf(...withRule));
    expect(since({ sandboxes: ['sbx-api: api 8080'] })).to.include({ unchangedSince: 4 });
    expect(since({ rules: ['allow any api 8080'] })).to.include({ unchangedSince: 5 });
    expect(since({ sandboxes: ['sbx-web'] })).to.include({ unchangedSince: 2 });
    expect(since({ rules: ['deny any api 8080'] })).to.include({ unchangedSince: null });
    const outside = [
      egressRule('0002', 'allow any -> example.com:443'),
      egressRule('0003', 'allow any -> example.org:443'),
    ];
    const sinceOutside = (text: DeclaredText) => decideNetwork(declared(text), topologyOf(...withRule, ...outside));
    expect(sinceOutside({ egress: ['allow any example.com 443'] })).to.include({ unchangedSince: 6 });
    expect(sinceOutside({ egress: ['allow any example.org 443'] })).to.include({ unchangedSince: 7 });
    // What was pruned before leaves no trace of when.
    expect(
      sinceOutside({
        ...{ sandboxes: ['sbx-web', 'sbx-api: api 8080'], rules: ['allow any api 8080'], prune: true },
        egress: ['allow any example.com 443', 'allow any example.org 443'],
      }),
    ).to.include({ unchangedSince: null });
  });

  it('passes over rules with an end: they stay, and stand for no declared rule', () => {
    const ends = [
      rule('0001', 'allow any -> api:8080 until 2026-01-31T12:00:00.000Z'),
      egressRule('0002', 'allow any -> example.com:443 until 2026-01-31T12:00:00.000Z'),
    ];
    const network = topologyOf(created(), attached('sbx-api', 'host-a'), published('api', 'sbx-api', 8080), ...ends);
    expect(declarationOf(network)).to.deep.include({ rules: [], egress: [] });
    const text = { sandboxes: ['sbx-api: api 8080'], rules: ['allow any api 8080'], prune: true };
    const decision = decideNetwork(declared(text), network);
    expect(decision).to.have.nested.property('events.length', 1);
    expect(decision).to.have.nested.property('events[0].data.until', null);
  });

  it('is printed in order, whatever the order in which it came to be', () => {
    const network = topologyOf(
      created(),
      ...[attached('sbx-b'), attached('sbx-a'), published('b', 'sbx-b', 80), published('a', 'sbx-b', 80)],
      ...[rule('0001', 'allow any -> b:80'), rule('0002', 'allow any -> a:80')],
      ...[egressRule('0003', 'allow any -> b.example.com:443'), egressRule('0004', 'allow any -> a.example.com:443')],
    );
    const { sandboxes, rules, egress } = declarationOf(network);
    expect(sandboxes.map(({ sandbox, aliases }) => [sandbox, ...aliases.map(({ alias }) => alias)])).to.deep.equal([
      ['sbx-a'],
      ['sbx-b', 'a', 'b'],
    ]);
    expect(rules.map(({ to }) => to)).to.deep.equal(['a', 'b']);
    expect(egress.map(({ to }) => to)).to.deep.equal(['a.example.com', 'b.example.com']);
  });

  it('that declares what a network is changes nothing, pruned or not', () => {
    fc.assert(
      fc.property(topology, fc.boolean(), (network, prune) => {
        const decision = decideNetwork(declaredCommand(declarationOf(network), prune), network);
        if (decision instanceof DomainError) throw decision;
        expect(decision.events).to.deep.equal([]);
      }),
      { numRuns: 50 },
    );
  });

  it('applied with --prune to any other network makes it so, and applied again writes nothing', () => {
    fc.assert(
      fc.property(topology, topology, (network, wanted) => {
        const text = withoutLocalEgress(declarationOf(wanted));
        const command = declaredCommand(text, true);
        const first = decideNetwork(command, network);
        // Nobody may write a rule about an alias that the desired network does not have, and a rule with an end that
        // stays may name an alias that moves.
        fc.pre(!(first instanceof DomainError && ['ALIAS_NOT_FOUND', 'ALIAS_HAS_RULES'].includes(first.code)));
        if (first instanceof DomainError) throw first;
        const after = evolveNetworkThrough(network, first.events) as Topology;
        expect(declarationOf(after)).to.deep.equal(text);
        expect(decideNetwork(command, after)).to.deep.include({ events: [] });
      }),
      { numRuns: 50 },
    );
  });

  it('applied without --prune takes no sandbox, alias, port or rule away', () => {
    fc.assert(
      fc.property(topology, topology, (network, wanted) => {
        const decision = decideNetwork(declaredCommand(withoutLocalEgress(declarationOf(wanted)), false), network);
        fc.pre(!(decision instanceof DomainError));
        const after = evolveNetworkThrough(
          network,
          (decision as { events: readonly NetworkEvent[] }).events,
        ) as Topology;
        expect([...after.sandboxes.keys()]).to.include.members([...network.sandboxes.keys()]);
        expect([...after.rules.keys()]).to.include.members([...network.rules.keys()]);
        expect([...after.egressRules.keys()]).to.include.members([...network.egressRules.keys()]);
        const portsOf = (of: Topology) =>
          [...of.aliases.values()].flatMap(({ alias, ports }) =>
            ports.map(({ published: port }) => `${alias}:${port}`),
          );
        const moved = [...network.aliases.values()].filter(
          ({ alias, sandboxId }) => after.aliases.get(alias)?.sandboxId !== sandboxId,
        );
        const stays = (port: string) => !moved.some(({ alias }) => port.startsWith(`${alias}:`));
        expect(portsOf(after)).to.include.members(portsOf(network).filter(stays));
        expect([...after.aliases.keys()]).to.include.members([...network.aliases.keys()]);
      }),
      { numRuns: 50 },
    );
  });
});

function withoutLocalEgress(declaration: ReturnType<typeof declarationOf>): ReturnType<typeof declarationOf> {
  return { ...declaration, egress: declaration.egress.filter(({ from }) => !from.startsWith('local')) };
}
