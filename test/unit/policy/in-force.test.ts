import { expect } from 'chai';
import fc from 'fast-check';
import { parseAgentId, parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import { parseOutsideName } from '#libs/contracts/outside-names.js';
import { judge } from '#libs/data-plane/flows/judge.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import { compile, compileTree, participants } from '#libs/policy/compile.js';
import { evaluate } from '#libs/policy/evaluate.js';
import { allowedPatterns, allowedPorts, evaluateOutside } from '#libs/policy/evaluate-outside.js';
import { inForce } from '#libs/policy/in-force.js';
import type { FlowSource, NetworkView, Topology } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { diff } from '#libs/policy/snapshot-delta.js';
import { viewAfter, viewOf } from '#libs/policy/view.js';
import { networkView } from '#test/support/network-view.js';
import { networkEvents, question, TIMES_MS, topology } from './arbitraries.js';
import { attached, created, egressRule, published, rule, topologyOf } from './network-events.js';
import { referenceVerdict } from './reference-evaluator.js';

const END = '2026-01-31T10:00:00.000Z';
const END_MS = Date.parse(END);
const LATER = '2026-01-31T12:00:00.000Z';
const DAY_MS = 86_400_000;
const web: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') };
const api = parseAliasName('api', 'alias');

function view(rules: { readonly allow?: readonly string[]; readonly deny?: readonly string[] }): NetworkView {
  return networkView({
    version: 3,
    sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b' },
    aliases: { api: { sandbox: 'sbx-api', ports: [80] } },
    ...rules,
  });
}

const ending = [`any api 80 until=${END}`];
/** The verdict for sbx-web before the end, at it, and long after it. */
const rows: readonly (readonly [
  what: string,
  rules: Parameters<typeof view>[0],
  before: string,
  at: string,
  after: string,
])[] = [
  ['an allow ends', { allow: ending }, 'ALLOWED', 'DEFAULT_DENY', 'DEFAULT_DENY'],
  ['another allow goes on', { allow: [...ending, 'any api 80'] }, 'ALLOWED', 'ALLOWED', 'ALLOWED'],
  [
    'another allow ends later',
    { allow: [...ending, `any api 80 until=${LATER}`] },
    'ALLOWED',
    'ALLOWED',
    'DEFAULT_DENY',
  ],
  ['a deny goes on', { allow: ['any api 80'], deny: ending }, 'EXPLICIT_DENY', 'EXPLICIT_DENY', 'EXPLICIT_DENY'],
  ['no rule ends', { allow: ['any api 80'] }, 'ALLOWED', 'ALLOWED', 'ALLOWED'],
];

describe('rules that end', () => {
  for (const [what, rules, ...expected] of rows) {
    it(`${what}: ${expected.join(', ')}, whichever time is asked about first`, () => {
      const times = [END_MS - 1, END_MS, END_MS + DAY_MS];
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 0, 2, 0, 1],
      ]) {
        const asked = view(rules);
        for (const index of order) {
          const { reason } = evaluate(asked, { source: web, alias: api, port: 80 }, times[index] ?? 0);
          expect(reason).to.equal(expected[index]);
        }
      }
    });
  }

  it('leave kept verdicts to those that have not ended', () => {
    const asked = view({ allow: [...ending, `any api 80 until=${LATER}`] });
    const ask = (nowMs: number) => evaluate(asked, { source: web, alias: api, port: 80 }, nowMs);
    expect(ask(END_MS - 1)).to.equal(ask(END_MS - 5));
    expect(ask(END_MS).ruleId).to.equal('rule-0001');
    expect(ask(END_MS)).to.equal(ask(END_MS + 5));
    expect(policyIndex(inForce(asked, END_MS)).verdicts.size).to.equal(1);
    const laterMs = Date.parse(LATER);
    expect(ask(laterMs - 1)).to.equal(ask(END_MS));
    expect(ask(laterMs).reason).to.equal('DEFAULT_DENY');
  });

  it('cost nothing where none has ended: the view is the one that is held', () => {
    const asked = view({ allow: ending });
    expect(inForce(asked, END_MS - 1)).to.equal(asked);
    const after = inForce(asked, END_MS);
    expect(after.rules.size).to.equal(0);
    expect(inForce(asked, END_MS + DAY_MS)).to.equal(after);
    expect(inForce(after, END_MS)).to.equal(after);
  });

  it('of names outside end for DNS, connections and lists alike', () => {
    const name = parseOutsideName('a.example.com', 'name');
    const { sandboxId } = web as { readonly sandboxId: typeof web extends { sandboxId: infer Id } ? Id : never };
    const asked = networkView({
      ...{ version: 3, sandboxes: { 'sbx-web': 'host-a' }, aliases: {} },
      egress: [`allow any *.example.com 443 until=${END}`, 'allow any a.example.com 80'],
    });
    const at = (nowMs: number) => [
      evaluateOutside(asked, { sandboxId, name, port: 443 }, nowMs).effect,
      allowedPorts(asked, sandboxId, name, nowMs),
      allowedPatterns(asked, sandboxId, nowMs),
    ];
    expect(at(END_MS - 1)).to.deep.equal(['allow', [80, 443], ['*.example.com', 'a.example.com']]);
    expect(at(END_MS)).to.deep.equal(['deny', [80], ['a.example.com']]);
  });

  it('end by the clock of an agent as well, inside and outside', () => {
    const network = topologyOf(
      ...[created(), attached('sbx-web', 'host-a'), published('web', 'sbx-web', 80)],
      rule('0001', `allow any -> web:80 until ${END}`),
      egressRule('e0001', `allow any -> example.com:443 until ${END}`),
    );
    const held = viewOf(compile(network, parseAgentId('host-a', 'agent')));
    expect([...held.rules.values(), ...held.egressRules.values()].map(({ until }) => until)).to.deep.equal([END, END]);
    const sizes = (nowMs: number) => [inForce(held, nowMs).rules.size, inForce(held, nowMs).egressRules.size];
    expect([sizes(END_MS - 1), sizes(END_MS)]).to.deep.equal([
      [1, 1],
      [0, 0],
    ]);
  });

  it('are decided as the design states it, at any time and after any other question', () => {
    fc.assert(
      fc.property(topology, question, fc.shuffledSubarray([...TIMES_MS], { minLength: 2 }), (network, asked, times) => {
        for (const nowMs of times) {
          expect(evaluate(network, asked, nowMs)).to.deep.equal(referenceVerdict(network, asked, nowMs));
        }
      }),
    );
  });

  it('are decided by what an agent holds as by the fold of that version, at any time', () => {
    fc.assert(
      fc.property(
        networkEvents,
        fc.array(question, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...TIMES_MS),
        (events, questions, nowMs) => {
          let held: { readonly topology: Topology; readonly view: NetworkView } | null = null;
          for (let version = 1; version <= events.length; version += 1) {
            const network = evolveNetworkThrough(null, events.slice(0, version)) as Topology;
            const self = participants(network)[0] ?? parseAgentId('host-a', 'agent');
            if (participants(network).length === 0) continue;
            const present = compileTree(network, self);
            const before: NetworkView | null =
              held !== null && participants(held.topology)[0] === self
                ? viewAfter(held.view, diff(compileTree(held.topology, self), present))
                : null;
            held = { topology: network, view: before ?? viewOf(compile(network, self)) };
            for (const asked of questions) {
              const subject = {
                source: asked.source,
                to: asked.alias,
                port: asked.port,
                from: { kind: 'proxy' },
                target: null,
              } as const;
              const { nearMisses: _, ...decided } = evaluate(network, asked, nowMs);
              expect(judge(held.view, subject, self, nowMs).verdict).to.deep.include(decided);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
