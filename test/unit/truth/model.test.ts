import { expect } from 'chai';
import fc from 'fast-check';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { parseDestinationName } from '#libs/contracts/outside-names.js';
import { parseSelector, type Selector } from '#libs/contracts/selectors.js';
import { evaluateDestination } from '#libs/policy/evaluate-destination.js';
import { networkView, TEST_TIME_MS } from '#test/support/network-view.js';
import {
  allows,
  expectedOf,
  type Flow,
  hostsOf,
  isOutside,
  NOTHING,
  type RuleModel,
  type Write,
  written,
} from '#test/truth/model.js';
import { ALIASES, HOST_OF, outsideNames, SANDBOXES, TEAMS } from '#test/truth/places.js';
import { randomOf } from '#test/truth/random.js';
import { isMeant, SELECTOR_KINDS, writtenSelector } from '#test/truth/selectors.js';

const resultOf = (...writes: Write[]) => writes.reduce(written, NOTHING);
const rule = (id: string, effect: 'allow' | 'deny', from: string, to: string): Write => ({
  kind: 'add-rule',
  network: 'dev',
  id,
  rule: { effect, from, to, port: 80 },
});
const BEGINNING: readonly Write[] = [
  { kind: 'create', network: 'dev' },
  { kind: 'attach', network: 'dev', sandbox: 'sbx-web', publishes: { alias: 'web', ports: [80] } },
  { kind: 'attach', network: 'dev', sandbox: 'sbx-api', publishes: { alias: 'api', ports: [80] } },
  { kind: 'label', sandbox: 'sbx-web', key: 'team', value: 'blue' },
];
const FLOW: Flow = { network: 'dev', source: 'sbx-web', alias: 'api', port: 80 };

describe('the model of the truth test', () => {
  const rows: readonly (readonly [title: string, writes: readonly Write[], isAllowed: boolean])[] = [
    ['nothing is allowed', [], false],
    ['an alias is allowed', [rule('1', 'allow', 'web', 'api')], true],
    ['a sandbox is allowed', [rule('1', 'allow', 'sandbox:sbx-web', 'api')], true],
    ['a label is allowed', [rule('1', 'allow', 'label:team=blue', 'api')], true],
    ['another label is allowed', [rule('1', 'allow', 'label:team=green', 'api')], false],
    ['everybody is allowed', [rule('1', 'allow', 'any', 'api')], true],
    ['a denial beside an allowance', [rule('1', 'allow', 'any', 'api'), rule('2', 'deny', 'web', 'api')], false],
    [
      'a denial that was removed',
      [
        rule('1', 'allow', 'any', 'api'),
        rule('2', 'deny', 'web', 'api'),
        { kind: 'remove-rule', network: 'dev', id: '2' },
      ],
      true,
    ],
    [
      'the source is detached',
      [rule('1', 'allow', 'any', 'api'), { kind: 'detach', network: 'dev', sandbox: 'sbx-web' }],
      false,
    ],
    [
      'the target is detached, and its alias with it',
      [rule('1', 'allow', 'any', 'api'), { kind: 'detach', network: 'dev', sandbox: 'sbx-api' }],
      false,
    ],
    [
      'the alias is removed',
      [rule('1', 'allow', 'any', 'api'), { kind: 'unpublish', network: 'dev', alias: 'api' }],
      false,
    ],
    ['a name outside is allowed, and not the alias', [rule('1', 'allow', 'any', 'one.dev.example.com')], false],
    ['the network is deleted', [rule('1', 'allow', 'any', 'api'), { kind: 'delete', network: 'dev' }], false],
  ];
  for (const [title, writes, isAllowed] of rows) {
    it(`${isAllowed ? 'allows' : 'denies'} where ${title}`, () => {
      expect(allows(resultOf(...BEGINNING, ...writes), FLOW)).to.equal(isAllowed);
    });
  }

  const outside: readonly (readonly [title: string, writes: readonly Write[], isAllowed: boolean])[] = [
    ['nothing is allowed', [], false],
    ['the name is allowed', [rule('1', 'allow', 'web', 'one.dev.example.com')], true],
    ['another name is allowed', [rule('1', 'allow', 'web', 'two.dev.example.com')], false],
    ['every name below the domain is allowed', [rule('1', 'allow', 'any', '*.dev.example.com')], true],
    [
      'a denial of the domain beside it',
      [rule('1', 'allow', 'any', 'one.dev.example.com'), rule('2', 'deny', 'web', '*.dev.example.com')],
      false,
    ],
    [
      'the source is detached',
      [rule('1', 'allow', 'any', '*.dev.example.com'), { kind: 'detach', network: 'dev', sandbox: 'sbx-web' }],
      false,
    ],
    [
      'the network is deleted',
      [rule('1', 'allow', 'any', '*.dev.example.com'), { kind: 'delete', network: 'dev' }],
      false,
    ],
  ];
  for (const [title, writes, isAllowed] of outside) {
    it(`${isAllowed ? 'allows' : 'denies'} a name outside where ${title}`, () => {
      const flow = { ...FLOW, alias: 'one.dev.example.com' };
      expect(allows(resultOf(...BEGINNING, ...writes), flow)).to.equal(isAllowed);
    });
  }

  it('lets the exit of a name decide too, and of other names outside the source alone', () => {
    const to = (alias: string, source: Flow['source'] = 'sbx-web') => hostsOf({ ...FLOW, source, alias }, null);
    expect(to('one.dev.example.com')).to.deep.equal(['host-a']);
    expect(to('exit.dev.example.net')).to.deep.equal(['host-a', 'host-b']);
    expect(to('exit.dev.example.net', 'sbx-api')).to.deep.equal(['host-b']);
  });

  it('expects nothing of a flow that a write without an answer may allow', () => {
    const before = resultOf(...BEGINNING);
    const possible = [before, written(before, rule('1', 'allow', 'web', 'api'))];
    expect(expectedOf(possible, FLOW)).to.deep.equal({ verdict: 'unknown', target: 'sbx-api' });
    expect(expectedOf(possible, { ...FLOW, alias: 'web' })).to.deep.equal({ verdict: 'deny', target: 'sbx-web' });
  });

  it('writes selectors of every kind that it understands, and of no other', () => {
    const source = { sandbox: 'sbx-web', aliases: ['web'], labels: {} } as const;
    const kinds = Array.from({ length: 200 }, (_, seed) => {
      const selector = writtenSelector(source, randomOf(seed, 0));
      expect(() => isMeant(selector, source)).not.to.throw();
      return parseSelector(selector, 'from').kind;
    });
    const understood = Object.entries(SELECTOR_KINDS).filter(([, kind]) => kind !== null);
    expect([...new Set(kinds)].sort()).to.deep.equal(understood.map(([kind]) => kind).sort());
    expect(understood.reduce((sum, [, kind]) => sum + (kind?.inTen ?? 0), 0)).to.equal(10);
  });

  for (const selector of ['nothing:host-a', 'local', 'local:ada', 'label:team', '']) {
    it(`refuses to decide by a selector that it does not understand: "${selector}"`, () => {
      const model = resultOf(...BEGINNING, rule('1', 'allow', selector, 'api'));
      expect(() => allows(model, FLOW)).to.throw('does not understand');
    });
  }

  it('decides as the product does, which it shares nothing with', () => {
    const names = fc.constantFrom(...ALIASES);
    const sandboxes = fc.constantFrom(...SANDBOXES);
    const teams = fc.constantFrom(...TEAMS);
    const selectors: { readonly [Kind in Selector['kind']]: fc.Arbitrary<string> | null } = {
      any: fc.constant('any'),
      alias: names,
      sandbox: sandboxes.map((sandbox) => `sandbox:${sandbox}`),
      label: teams.map((team) => `label:team=${team}`),
      local: null,
      'local-user': null,
    };
    const aRule = fc.record<RuleModel>({
      effect: fc.constantFrom('allow', 'deny'),
      from: fc.oneof(...Object.values(selectors).filter((kind) => kind !== null)),
      to: fc.oneof(names, fc.constantFrom(...outsideNames('dev'), '*.dev.example.com')),
      port: fc.constantFrom(80, 7_000),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(sandboxes),
        fc.dictionary(names, fc.record({ sandbox: sandboxes, ports: fc.uniqueArray(fc.constantFrom(80, 7_000)) })),
        fc.dictionary(
          sandboxes,
          teams.map((team) => ({ team })),
        ),
        fc.array(aRule, { maxLength: 8 }),
        (attached, published, labels, rules) => {
          const aliases = Object.fromEntries(
            Object.entries(published).filter(
              ([, { sandbox, ports }]) => attached.includes(sandbox) && ports.length > 0,
            ),
          );
          const model = {
            networks: { dev: { attached, aliases, rules: Object.fromEntries(rules.entries()) } },
            labels,
          };
          const text = (effect: string) =>
            rules
              .filter((one) => one.effect === effect && !isOutside(one.to))
              .map(({ from, to, port }) => `${from} ${to} ${port}`);
          const view = networkView({
            version: 1,
            sandboxes: Object.fromEntries(attached.map((sandbox) => [sandbox, HOST_OF[sandbox]])),
            aliases,
            labels,
            allow: text('allow'),
            deny: text('deny'),
            egress: rules
              .filter(({ to }) => isOutside(to))
              .map(({ effect, from, to, port }) => `${effect} ${from} ${to} ${port}`),
          });
          for (const source of SANDBOXES) {
            for (const alias of [...ALIASES, ...outsideNames('dev')]) {
              const sandbox = { kind: 'sandbox', sandboxId: parseSandboxId(source, 'sandbox') } as const;
              const to = parseDestinationName(alias, 'to');
              for (const port of [80, 7_000]) {
                const { effect } = evaluateDestination(view, sandbox, to, port, TEST_TIME_MS);
                expect(allows(model, { network: 'dev', source, alias, port })).to.equal(effect === 'allow');
              }
            }
          }
        },
      ),
    );
  });
});
