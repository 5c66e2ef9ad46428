import { expect } from 'chai';
import fc from 'fast-check';
import { parseAliasName, parseLocalNodeId, parseRuleId, parseSandboxId, parseUserName } from '#libs/contracts/ids.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { FlowSource, Rule } from '#libs/policy/model.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import { question, topology } from './arbitraries.js';
import { attached, created, detached, labelled, published, rule, topologyOf } from './network-events.js';
import { referenceVerdict } from './reference-evaluator.js';

/** `local:ada` or a sandbox id. */
function sourceOf(text: string): FlowSource {
  const [kind, user] = text.split(':');
  return kind === 'local'
    ? { kind, user: parseUserName(user, 'user'), node: parseLocalNodeId('laptop', 'node') }
    : { kind: 'sandbox', sandboxId: parseSandboxId(text, 'sandbox') };
}

const ask = (source: string, alias: string, port: number) => ({
  source: sourceOf(source),
  alias: parseAliasName(alias, 'alias'),
  port,
});

/** web (tier=web) on host-a; api on host-b publishes api and rpc; loner is attached and publishes nothing. */
const dev = [
  created(),
  attached('sbx-web', 'host-a', { tier: 'web', team: 'shop' }),
  attached('sbx-api', 'host-b', { tier: 'api' }),
  attached('sbx-loner', null),
  published('web', 'sbx-web', 80),
  published('api', 'sbx-api', '80:8080', 8080),
  published('rpc', 'sbx-api', 9090),
];

describe('evaluate', () => {
  const rows: readonly (readonly [
    rules: readonly string[],
    source: string,
    target: string,
    reason: string,
    rule: string | null,
    near: readonly string[],
  ])[] = [
    // Nothing is allowed until a rule allows it.
    [[], 'sbx-web', 'api:8080', 'DEFAULT_DENY', null, []],
    [[], 'sbx-api', 'api:8080', 'DEFAULT_DENY', null, []],
    [[], 'local:ada', 'api:8080', 'DEFAULT_DENY', null, []],
    // The target must exist; the source is checked first, then the alias, then the port.
    [['allow any -> api:8080'], 'sbx-nobody', 'api:8080', 'NOT_ATTACHED', null, []],
    [['allow any -> api:8080'], 'sbx-nobody', 'none:1', 'NOT_ATTACHED', null, []],
    [['allow any -> api:8080'], 'sbx-web', 'none:8080', 'NO_ALIAS', null, ['0 alias']],
    [['allow any -> api:8080'], 'sbx-web', 'none:1', 'NO_ALIAS', null, []],
    [['allow any -> api:8080'], 'sbx-web', 'api:8081', 'NO_PORT', null, ['0 port']],
    // A rule about an unpublished alias or port allows nothing.
    [['allow any -> gone:8080'], 'sbx-web', 'gone:8080', 'NO_ALIAS', null, []],
    [['allow any -> api:7777'], 'sbx-web', 'api:7777', 'NO_PORT', null, []],
    // Each selector.
    [['allow sandbox:sbx-web -> api:8080'], 'sbx-web', 'api:8080', 'ALLOWED', '0', []],
    [['allow sandbox:sbx-web -> api:8080'], 'sbx-loner', 'api:8080', 'DEFAULT_DENY', null, ['0 source']],
    [['allow web -> api:8080'], 'sbx-web', 'api:8080', 'ALLOWED', '0', []],
    [['allow web -> api:8080'], 'sbx-loner', 'api:8080', 'DEFAULT_DENY', null, ['0 source']],
    [['allow none -> api:8080'], 'sbx-web', 'api:8080', 'DEFAULT_DENY', null, ['0 source']],
    [['allow label:tier=web -> api:8080'], 'sbx-web', 'api:8080', 'ALLOWED', '0', []],
    [['allow label:tier=db -> api:8080'], 'sbx-web', 'api:8080', 'DEFAULT_DENY', null, ['0 source']],
    [['allow label:constructor=web -> api:8080'], 'sbx-web', 'api:8080', 'DEFAULT_DENY', null, ['0 source']],
    [['allow any -> api:8080'], 'sbx-loner', 'api:8080', 'ALLOWED', '0', []],
    [['allow local -> api:8080'], 'local:ada', 'api:8080', 'ALLOWED', '0', []],
    [['allow local:ada -> api:8080'], 'local:ada', 'api:8080', 'ALLOWED', '0', []],
    [['allow local:ada -> api:8080'], 'local:bob', 'api:8080', 'DEFAULT_DENY', null, ['0 source']],
    // Selectors of sandboxes never match developers' machines, and the other way round.
    [['allow any -> api:8080'], 'local:ada', 'api:8080', 'DEFAULT_DENY', null, ['0 source']],
    [['allow local -> api:8080'], 'sbx-web', 'api:8080', 'DEFAULT_DENY', null, ['0 source']],
    // Rules name published ports, not the ports inside.
    [['allow web -> api:80'], 'sbx-web', 'api:80', 'ALLOWED', '0', []],
    [['allow web -> api:80'], 'sbx-web', 'api:8080', 'DEFAULT_DENY', null, ['0 port']],
    // An allow for one alias of a sandbox opens no other.
    [['allow web -> rpc:9090'], 'sbx-web', 'api:8080', 'DEFAULT_DENY', null, []],
    // A deny wins, however narrow the allow and whichever came first.
    [['allow web -> api:8080', 'deny any -> api:8080'], 'sbx-web', 'api:8080', 'EXPLICIT_DENY', '1', []],
    [['deny any -> api:8080', 'allow web -> api:8080'], 'sbx-web', 'api:8080', 'EXPLICIT_DENY', '0', []],
    [['allow any -> api:8080', 'deny web -> api:8080'], 'sbx-loner', 'api:8080', 'ALLOWED', '0', ['1 source']],
    [['allow any -> api:8080', 'deny web -> api:80'], 'sbx-web', 'api:8080', 'ALLOWED', '0', ['1 port']],
    [['allow local -> api:8080', 'deny local:bob -> api:8080'], 'local:bob', 'api:8080', 'EXPLICIT_DENY', '1', []],
    // If several rules give the same verdict, the lowest id is named.
    [['allow any -> api:8080', 'allow web -> api:8080'], 'sbx-web', 'api:8080', 'ALLOWED', '0', []],
  ];

  for (const [rules, source, target, reason, ruleId, near] of rows) {
    it(`${rules.join(', ') || 'no rules'}: ${source} -> ${target} is ${reason}`, () => {
      const view = topologyOf(...dev, ...rules.map((text, index) => rule(`000${index}`, text)));
      const [alias = '', port] = target.split(':');
      const verdict = evaluate(view, ask(source, alias, Number(port)), TEST_TIME_MS);
      expect(verdict).to.deep.equal({
        effect: reason === 'ALLOWED' ? 'allow' : 'deny',
        reason,
        ruleId: ruleId === null ? null : `rule-000${ruleId}`,
        nearMisses: near.map((text) => ({ ruleId: `rule-000${text.split(' ')[0]}`, missed: text.split(' ')[1] })),
        version: view.version,
      });
    });
  }

  it('follows a label that changes', () => {
    const before = topologyOf(...dev, rule('0001', 'allow label:tier=web -> api:8080'));
    const after = topologyOf(
      ...dev,
      rule('0001', 'allow label:tier=web -> api:8080'),
      labelled('sbx-web', { team: 'shop' }),
    );
    expect(evaluate(before, ask('sbx-web', 'api', 8080), TEST_TIME_MS).reason).to.equal('ALLOWED');
    expect(evaluate(after, ask('sbx-web', 'api', 8080), TEST_TIME_MS).reason).to.equal('DEFAULT_DENY');
  });

  it('forgets a detached sandbox, whatever rules still name it', () => {
    const view = topologyOf(...dev, rule('0001', 'allow sandbox:sbx-loner -> api:8080'), detached('sbx-loner'));
    expect(evaluate(view, ask('sbx-loner', 'api', 8080), TEST_TIME_MS).reason).to.equal('NOT_ATTACHED');
  });

  it('names at most ten near misses, those with the lowest ids', () => {
    const rules = Array.from({ length: 30 }, (_, i) => rule(String(1029 - i), `allow none -> api:8080`));
    const { nearMisses } = evaluate(topologyOf(...dev, ...rules), ask('sbx-web', 'api', 8080), TEST_TIME_MS);
    expect(nearMisses.map(({ ruleId }) => ruleId)).to.deep.equal(
      Array.from({ length: 10 }, (_, i) => `rule-${1000 + i}`),
    );
  });

  it('agrees with the reference, asked once and again', () => {
    fc.assert(
      fc.property(topology, fc.array(question, { maxLength: 12 }), (view, questions) => {
        for (const asked of [...questions, ...questions]) {
          expect(evaluate(view, asked, TEST_TIME_MS)).to.deep.equal(referenceVerdict(view, asked, TEST_TIME_MS));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('denies whatever a deny matches, whatever else there is', () => {
    fc.assert(
      fc.property(topology, question, (view, asked) => {
        fc.pre(['ALLOWED', 'DEFAULT_DENY', 'EXPLICIT_DENY'].includes(evaluate(view, asked, TEST_TIME_MS).reason));
        const { source, alias, port } = asked;
        const deny: Rule = {
          id: parseRuleId('rule-zzzz', 'id'),
          effect: 'deny',
          from: source.kind === 'sandbox' ? source : { kind: 'local-user', user: source.user },
          to: alias,
          port,
          until: null,
        };
        const verdict = evaluate({ ...view, rules: new Map([...view.rules, [deny.id, deny]]) }, asked, TEST_TIME_MS);
        expect(verdict).to.include({ effect: 'deny', reason: 'EXPLICIT_DENY' });
      }),
      { numRuns: 300 },
    );
  });

  it('adding a deny never opens, and removing an allow never opens', () => {
    fc.assert(
      fc.property(topology, question, fc.nat(), (view, asked, pick) => {
        const rules = [...view.rules.values()];
        fc.pre(rules.length > 0 && evaluate(view, asked, TEST_TIME_MS).effect === 'deny');
        const chosen = rules[pick % rules.length];
        if (chosen === undefined) return;
        const without = new Map([...view.rules].filter(([id]) => id !== chosen.id || chosen.effect === 'deny'));
        const denied = new Map([...view.rules, [chosen.id, { ...chosen, effect: 'deny' as const }]]);
        expect(evaluate({ ...view, rules: without }, asked, TEST_TIME_MS).effect).to.equal('deny');
        expect(evaluate({ ...view, rules: denied }, asked, TEST_TIME_MS).effect).to.equal('deny');
      }),
      { numRuns: 300 },
    );
  });
});
