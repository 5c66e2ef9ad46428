import { expect } from 'chai';
import fc from 'fast-check';
import { parseAliasName } from '#libs/contracts/ids.js';
import { parseDestinationName } from '#libs/contracts/outside-names.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { evaluate } from '#libs/policy/evaluate.js';
import { evaluateSelector } from '#libs/policy/evaluate-selector.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import { aliasName, portNumber, selectorText, topology } from './arbitraries.js';
import { attached, created, egressRule, published, rule, topologyOf } from './network-events.js';
import { standsFor } from './reference-evaluator.js';

/** web-1 and web-2 have the same labels; only web-1 publishes an alias. */
const dev = [
  created(),
  attached('web-1', 'host-a', { tier: 'web' }),
  attached('web-2', 'host-b', { tier: 'web' }),
  attached('sbx-api', 'host-b'),
  published('front', 'web-1', 80),
  published('api', 'sbx-api', 8080),
];

const ask = (rules: readonly string[], from: string, target = 'api:8080') => {
  const view = topologyOf(...dev, ...rules.map((text, index) => rule(`000${index}`, text)));
  const [alias, port] = target.split(':');
  return evaluateSelector(
    view,
    parseSelector(from, 'from'),
    parseAliasName(alias, 'alias'),
    Number(port),
    TEST_TIME_MS,
  );
};

describe('evaluateSelector', () => {
  const rows: readonly (readonly [
    rules: readonly string[],
    from: string,
    target: string,
    effect: string,
    reason: string,
    rule: string | null,
  ])[] = [
    [['allow local -> api:8080'], 'local', 'api:8080', 'allow', 'ALLOWED', '0'],
    [['allow local:ada -> api:8080'], 'local:ada', 'api:8080', 'allow', 'ALLOWED', '0'],
    [['allow local:ada -> api:8080'], 'local', 'api:8080', 'deny', 'DEFAULT_DENY', null],
    [['allow local -> api:8080', 'deny local:ada -> api:8080'], 'local', 'api:8080', 'allow', 'ALLOWED', '0'],
    [['allow any -> api:8080'], 'local', 'api:8080', 'deny', 'DEFAULT_DENY', null],
    [['allow any -> api:8080'], 'sandbox:web-1', 'api:8080', 'allow', 'ALLOWED', '0'],
    [['allow any -> api:8080'], 'sandbox:nobody', 'api:8080', 'deny', 'NOT_ATTACHED', null],
    [['allow any -> api:8080'], 'front', 'api:8080', 'allow', 'ALLOWED', '0'],
    [['allow any -> api:8080'], 'nowhere', 'api:8080', 'deny', 'NOT_ATTACHED', null],
    [['allow any -> api:8080'], 'label:tier=web', 'api:8080', 'allow', 'ALLOWED', '0'],
    [['allow any -> api:8080'], 'label:tier=db', 'api:8080', 'deny', 'NOT_ATTACHED', null],
    [['allow any -> api:8080'], 'any', 'api:8080', 'allow', 'ALLOWED', '0'],
    [['allow any -> api:8080'], 'any', 'api:80', 'deny', 'NO_PORT', null],
    [['allow any -> api:8080'], 'any', 'gone:80', 'deny', 'NO_ALIAS', null],
    [['allow front -> api:8080'], 'label:tier=web', 'api:8080', 'mixed', 'MIXED', null],
    [['allow any -> api:8080', 'deny front -> api:8080'], 'any', 'api:8080', 'mixed', 'MIXED', null],
    // All are refused, but for different reasons: the answer gives the rule that refuses.
    [['deny sandbox:web-2 -> api:8080'], 'label:tier=web', 'api:8080', 'deny', 'EXPLICIT_DENY', '0'],
    // All are allowed, but by different rules: the answer gives the lowest id.
    [
      ['allow sandbox:web-2 -> api:8080', 'allow sandbox:web-1 -> api:8080'],
      'label:tier=web',
      'api:8080',
      'allow',
      'ALLOWED',
      '0',
    ],
  ];
  for (const [rules, from, target, effect, reason, ruleId] of rows) {
    it(`${rules.join(', ')}: ${from} -> ${target} is ${reason}`, () => {
      expect(ask(rules, from, target)).to.include({
        effect,
        reason,
        ruleId: ruleId === null ? null : `rule-000${ruleId}`,
        version: dev.length + rules.length,
      });
    });
  }

  it('gives the verdict of each member when they differ, in order', () => {
    const { members, nearMisses } = ask(['allow front -> api:8080'], 'label:tier=web');
    expect(members.map(({ source, verdict }) => [source, verdict.reason, verdict.ruleId])).to.deep.equal([
      [{ kind: 'sandbox', sandboxId: 'web-1' }, 'ALLOWED', 'rule-0000'],
      [{ kind: 'sandbox', sandboxId: 'web-2' }, 'DEFAULT_DENY', null],
    ]);
    expect(nearMisses).to.deep.equal([{ ruleId: 'rule-0000', missed: 'source' }]);
  });

  it('gives no members when they agree, nor for one source alone', () => {
    for (const from of ['any', 'sandbox:web-1', 'local', 'local:ada', 'label:tier=db']) {
      expect(ask(['allow any -> api:8080'], from).members, from).to.deep.equal([]);
    }
  });

  for (const [from, reason] of [
    ['sandbox:web-1', 'ALLOWED'],
    ['sandbox:sbx-api', 'DEFAULT_DENY'],
    ['label:tier=web', 'ALLOWED'],
    ['any', 'MIXED'],
    // No name outside is reached from there through an agent.
    ['local', 'NOT_ATTACHED'],
    ['local:ada', 'NOT_ATTACHED'],
  ] as const) {
    it(`of a name outside is ${reason} from ${from}`, () => {
      const view = topologyOf(...dev, egressRule('e0001', 'allow label:tier=web -> *.example.com:443'));
      const to = parseDestinationName('a.example.com', 'to');
      const { nearMisses, ...verdict } = evaluateSelector(view, parseSelector(from, 'from'), to, 443, TEST_TIME_MS);
      expect(verdict).to.include({ reason, version: view.version });
      if (reason === 'NOT_ATTACHED') {
        const { version } = view;
        expect(verdict).to.deep.equal({ effect: 'deny', reason, ruleId: null, members: [], version });
        expect(nearMisses).to.deep.equal([]);
      }
    });
  }

  it('says exactly what evaluate says of every member', () => {
    fc.assert(
      fc.property(topology, selectorText, aliasName, portNumber, (view, from, name, port) => {
        const selector = parseSelector(from, 'from');
        fc.pre(selector.kind !== 'local' && selector.kind !== 'local-user');
        const alias = parseAliasName(name, 'alias');
        const effects = [...view.sandboxes.keys()]
          .map((sandboxId) => ({ kind: 'sandbox', sandboxId }) as const)
          .filter((source) => standsFor(view, selector, source))
          .map((source) => evaluate(view, { source, alias, port }, TEST_TIME_MS).effect);
        const verdict = evaluateSelector(view, selector, alias, port, TEST_TIME_MS);
        if (effects.includes('allow') && effects.includes('deny')) {
          expect(verdict.effect).to.equal('mixed');
          expect(verdict.members.map((member) => member.verdict.effect).sort()).to.deep.equal(effects.sort());
        } else {
          expect(verdict.effect).to.equal(effects[0] ?? 'deny');
        }
      }),
      { numRuns: 500 },
    );
  });
});
