import { expect } from 'chai';
import fc from 'fast-check';
import { formatSelector } from '#libs/contracts/selectors.js';
import { evaluateSource } from '#libs/policy/evaluate.js';
import type { Topology } from '#libs/policy/model.js';
import { policyEdges } from '#libs/policy/policy-edges.js';
import { policySource } from '#libs/policy/policy-source.js';
import { selectorTextOf } from '#libs/policy/rule-sources.js';
import { ruleStandings } from '#libs/policy/rule-standings.js';
import { matchesSource } from '#libs/policy/selector-match.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import { EVERY_SOURCE, topology } from './arbitraries.js';
import { attached, created, published, rule, topologyOf } from './network-events.js';

/** Two sandboxes of the tier web, one without labels, and an API that publishes one port. */
const dev = [
  created(),
  attached('web-1', 'host-a', { tier: 'web', team: 'shop' }),
  attached('web-2', 'host-b', { tier: 'web' }),
  attached('cron', 'host-b', { team: 'shop' }),
  attached('sbx-api', 'host-b'),
  published('front', 'web-1', 80),
  published('api', 'sbx-api', 8080),
];

const of = (...rules: readonly string[]) =>
  topologyOf(...dev, ...rules.map((text, index) => rule(`000${index}`, text)));

const standing = (view: Topology, index: number) => {
  const { ruleId: _, ...rest } = ruleStandings(view, 100, TEST_TIME_MS)[index] ?? { ruleId: null };
  return rest;
};

const met = (index: number, sources: number) => ({ ruleId: `rule-000${index}`, sources });

describe('what a rule does', () => {
  const none = { overriddenBy: [], overrides: [] };
  const rows: readonly (readonly [string, readonly string[], object])[] = [
    ['lets one through', ['allow front -> api:8080'], { ...none, sources: 1, decides: 1, idle: null }],
    ['lets all attached sandboxes through', ['allow any -> api:8080'], { ...none, sources: 4, decides: 4, idle: null }],
    [
      'stands for nobody now',
      ['allow label:tier=db -> api:8080'],
      { ...none, sources: 0, decides: 0, idle: 'NO_SOURCE' },
    ],
    [
      'stands for a sandbox that is not attached',
      ['allow sandbox:none -> api:8080'],
      { ...none, sources: 0, decides: 0, idle: 'NO_SOURCE' },
    ],
    [
      'stands for an alias that nobody publishes',
      ['allow gone -> api:8080'],
      { ...none, sources: 0, decides: 0, idle: 'NO_SOURCE' },
    ],
    [
      'names an alias that is not there',
      ['allow front -> queue:5672'],
      { ...none, sources: 1, decides: 0, idle: 'NO_ALIAS' },
    ],
    [
      'lets nobody through once its time is over',
      ['allow front -> api:8080 until 2026-01-31T10:00:00.000Z'],
      { ...none, sources: 1, decides: 0, idle: 'ENDED' },
    ],
    [
      'lets one through until its time is over',
      ['allow front -> api:8080 until 2026-01-31T10:00:00.001Z'],
      { ...none, sources: 1, decides: 1, idle: null },
    ],
    [
      'names a port that is not published',
      ['deny front -> api:9090'],
      { ...none, sources: 1, decides: 0, idle: 'NO_PORT' },
    ],
    [
      'is overridden for some',
      ['allow label:team=shop -> api:8080', 'deny label:tier=web -> api:8080'],
      { sources: 2, decides: 1, overriddenBy: [met(1, 1)], overrides: [], idle: null },
    ],
    [
      'is overridden for all',
      ['allow front -> api:8080', 'deny any -> api:8080'],
      { sources: 1, decides: 0, overriddenBy: [met(1, 1)], overrides: [], idle: 'OVERRIDDEN' },
    ],
    [
      'overrides an allow for some',
      ['deny label:tier=web -> api:8080', 'allow label:team=shop -> api:8080'],
      { sources: 2, decides: 2, overriddenBy: [], overrides: [met(1, 1)], idle: null },
    ],
    [
      'denies what rules allow on other ports and aliases only',
      ['deny any -> api:8080', 'allow any -> api:9090', 'allow any -> front:80'],
      { ...none, sources: 4, decides: 4, idle: 'NO_ALLOW' },
    ],
    ['denies what no rule allows', ['deny front -> api:8080'], { ...none, sources: 1, decides: 1, idle: 'NO_ALLOW' }],
    [
      'is repeated by a rule before it',
      ['allow any -> api:8080', 'allow front -> api:8080'],
      { ...none, sources: 4, decides: 4, idle: null },
    ],
    [
      'lets developers through, those apart that a rule names',
      ['allow local -> api:8080', 'deny local:ada -> api:8080'],
      { sources: 2, decides: 1, overriddenBy: [met(1, 1)], overrides: [], idle: null },
    ],
  ];
  for (const [what, rules, expected] of rows) {
    it(what, () => expect(standing(of(...rules), 0)).to.deep.equal(expected));
  }

  it('does nothing of its own where another one decides alike', () => {
    const view = of('allow any -> api:8080', 'allow front -> api:8080');
    expect(standing(view, 1)).to.deep.include({ decides: 0, idle: 'REPEATED' });
  });

  it('is told in order of rule, whatever order the rules were written in', () => {
    const view = topologyOf(...dev, rule('0002', 'allow any -> api:8080'), rule('0001', 'deny front -> api:8080'));
    expect(ruleStandings(view, 2, TEST_TIME_MS).map(({ ruleId }) => ruleId)).to.deep.equal(['rule-0001', 'rule-0002']);
    const denies = topologyOf(
      ...dev,
      rule('0003', 'deny front -> api:8080'),
      rule('0002', 'deny label:team=shop -> api:8080'),
      rule('0001', 'allow any -> api:8080'),
    );
    expect(standing(denies, 0)).to.deep.include({ overriddenBy: [met(2, 2)] });
  });

  it('is told of so many rules and no more', () => {
    expect(ruleStandings(of('allow any -> api:8080', 'deny front -> api:8080'), 1, TEST_TIME_MS)).to.have.length(1);
  });

  it('decides for exactly those sources for which the verdict names it', () => {
    fc.assert(
      fc.property(topology, (view) => {
        for (const { ruleId, decides, sources } of ruleStandings(view, 100, TEST_TIME_MS)) {
          const record = view.rules.get(ruleId);
          if (record === undefined) return expect.fail('a rule that is not there');
          const own = EVERY_SOURCE.map(policySource).filter((source) => {
            const isThere = source.kind === 'local' || view.sandboxes.has(source.sandboxId);
            return isThere && matchesSource(view, record.from, source);
          });
          if (record.from.kind !== 'local' && record.from.kind !== 'local-user') expect(sources).to.equal(own.length);
          const decided = own.filter(
            (source) => evaluateSource(view, source, record.to, record.port, TEST_TIME_MS).ruleId === ruleId,
          );
          if (record.from.kind !== 'local' && record.from.kind !== 'local-user')
            expect(decides).to.equal(decided.length);
          expect(decides > 0).to.equal(decided.length > 0 || (record.from.kind === 'local' && decides > 0));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the edges of a policy', () => {
  const lines = (view: Topology, most = 100) =>
    policyEdges(view, most, TEST_TIME_MS).edges.map(
      ({ source, alias, port, effect }) => `${effect} ${selectorTextOf(source)} ${alias}:${port}`,
    );

  it('are what rules decide, and nothing that the default denies', () => {
    expect(
      lines(of('allow label:team=shop -> api:8080', 'deny label:tier=web -> api:8080', 'allow local -> api:8080')),
    ).to.deep.equal([
      'allow local api:8080',
      'allow sandbox:cron api:8080',
      'deny sandbox:web-1 api:8080',
      'deny sandbox:web-2 api:8080',
    ]);
    expect(lines(of('allow front -> queue:1', 'allow front -> api:9090'))).to.deep.equal([]);
  });

  it('are bounded, and those left out are counted', () => {
    const { edges, leftOut } = policyEdges(of('allow any -> api:8080', 'allow local -> front:80'), 3, TEST_TIME_MS);
    expect([edges.length, leftOut]).to.deep.equal([1, 4]);
    expect(policyEdges(of('allow any -> api:8080'), 4, TEST_TIME_MS))
      .to.include({ leftOut: 0 })
      .and.have.property('edges')
      .with.length(4);
  });

  it('are those that evaluate finds, for every source and every published port', () => {
    fc.assert(
      fc.property(topology, (view) => {
        const found = new Set(lines(view, 10_000));
        for (const source of EVERY_SOURCE.map(policySource)) {
          const isNamed =
            source.kind === 'sandbox' ||
            [...view.rules.values()].some(({ from }) => formatSelector(from) === selectorTextOf(source));
          if (!isNamed) continue;
          for (const { alias, ports } of view.aliases.values()) {
            for (const { published: port } of ports) {
              const { effect, ruleId } = evaluateSource(view, source, alias, port, TEST_TIME_MS);
              const line = `${effect} ${selectorTextOf(source)} ${alias}:${port}`;
              expect(found.has(line), line).to.equal(ruleId !== null);
            }
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
