import { expect } from 'chai';
import fc from 'fast-check';
import { parseAgentId, parseSandboxId } from '#libs/contracts/ids.js';
import { covers, parseOutsideName } from '#libs/contracts/outside-names.js';
import { judge } from '#libs/data-plane/flows/judge.js';
import { compile, participants } from '#libs/policy/compile.js';
import { allowedPatterns, allowedPorts, evaluateOutside, isExplicitlyDenied } from '#libs/policy/evaluate-outside.js';
import type { EgressRule, NetworkView } from '#libs/policy/model.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { matchesSource } from '#libs/policy/selector-match.js';
import { viewOf } from '#libs/policy/view.js';
import { networkView, TEST_TIME_MS } from '#test/support/network-view.js';
import { EVERY_SOURCE, OUTSIDE_NAMES, topology } from './arbitraries.js';

const view = networkView({
  version: 9,
  sandboxes: { 'sbx-web': 'host-a', 'sbx-db': 'host-b', 'sbx-bare': 'host-b' },
  labels: { 'sbx-web': { tier: 'web' } },
  aliases: { db: { sandbox: 'sbx-db', ports: [5432] } },
  egress: [
    'allow label:tier=web *.example.com 443', // rule-e0000
    'allow any api.example.net 443 private', // rule-e0001
    'deny any bad.example.com 443', // rule-e0002
    'allow db example.org 443', // rule-e0003
    'allow label:tier=web x.example.com 80', // rule-e0004
    'allow label:tier=web x.example.com 443 private', // rule-e0005
  ],
});

const hasEnded = ({ until }: EgressRule) => until !== null && Date.parse(until) <= TEST_TIME_MS;

function judged(sandbox: string, name: string, port: number, on: NetworkView = view) {
  const sandboxId = parseSandboxId(sandbox, 'sandbox');
  return evaluateOutside(on, { sandboxId, name: parseOutsideName(name, 'name'), port }, TEST_TIME_MS);
}

describe('the decision about a name outside', () => {
  for (const [sandbox, name, port, reason, rule, misses] of [
    ['sbx-web', 'a.example.com', 443, 'ALLOWED', '0', '2 alias, 5 alias'],
    ['sbx-web', 'b.a.example.com', 443, 'ALLOWED', '0', '2 alias, 5 alias'],
    ['sbx-web', 'example.com', 443, 'DEFAULT_DENY', null, '0 alias, 2 alias, 5 alias'],
    ['sbx-web', 'a.example.com', 8443, 'DEFAULT_DENY', null, '0 port'],
    ['sbx-web', 'bad.example.com', 443, 'EXPLICIT_DENY', '2', '5 alias'],
    ['sbx-bare', 'a.example.com', 443, 'DEFAULT_DENY', null, '0 source, 2 alias'],
    ['sbx-bare', 'api.example.net', 443, 'ALLOWED', '1', ''],
    ['sbx-db', 'example.org', 443, 'ALLOWED', '3', ''],
    ['sbx-bare', 'example.org', 443, 'DEFAULT_DENY', null, '3 source'],
    ['sbx-none', 'api.example.net', 443, 'NOT_ATTACHED', null, ''],
    ['sbx-web', 'x.example.com', 443, 'ALLOWED', '0', '2 alias, 4 port'],
    ['sbx-bare', 'x.example.com', 80, 'DEFAULT_DENY', null, '4 source'],
    ['sbx-bare', 'a.example.com', 8443, 'DEFAULT_DENY', null, ''],
  ] as const) {
    it(`${sandbox} to ${name}:${port} is ${reason}`, () => {
      const verdict = judged(sandbox, name, port);
      expect(verdict.reason).to.equal(reason);
      expect(verdict.ruleId).to.equal(rule === null ? null : `rule-e000${rule}`);
      expect(verdict.nearMisses.map(({ ruleId, missed }) => `${ruleId.slice(-1)} ${missed}`).join(', ')).to.equal(
        misses,
      );
    });
  }

  it('lets a name lead to private addresses when one of the rules that allow it says so', () => {
    expect(judged('sbx-web', 'a.example.com', 443).mayBePrivate).to.equal(false);
    expect(judged('sbx-web', 'x.example.com', 443).mayBePrivate).to.equal(true);
    expect(judged('sbx-bare', 'api.example.net', 443).mayBePrivate).to.equal(true);
  });

  for (const [sandbox, name, ports, isDenied] of [
    ['sbx-web', 'x.example.com', [80, 443], false],
    ['sbx-web', 'a.example.com', [443], false],
    ['sbx-web', 'bad.example.com', [], true],
    ['sbx-web', 'example.com', [], false],
    ['sbx-bare', 'bad.example.com', [], true],
    ['sbx-bare', 'x.example.com', [], false],
    ['sbx-bare', 'api.example.net', [443], false],
    ['sbx-none', 'api.example.net', [], false],
    ['sbx-none', 'bad.example.com', [], false],
  ] as const) {
    it(`leaves ${sandbox} the ports ${ports.join(' and ') || 'none'} of ${name}${isDenied ? ', by a deny' : ''}`, () => {
      const [sandboxId, asked] = [parseSandboxId(sandbox, 'sandbox'), parseOutsideName(name, 'name')];
      expect(allowedPorts(view, sandboxId, asked, TEST_TIME_MS)).to.deep.equal(ports);
      expect(isExplicitlyDenied(view, sandboxId, asked)).to.equal(isDenied);
    });
  }

  for (const [sandbox, patterns] of [
    ['sbx-web', ['*.example.com', 'api.example.net', 'x.example.com']],
    ['sbx-db', ['api.example.net', 'example.org']],
    ['sbx-bare', ['api.example.net']],
    ['sbx-none', []],
  ] as const) {
    it(`lets ${sandbox} ask for names of ${patterns.length} patterns, and for none that is only denied`, () => {
      expect(allowedPatterns(view, parseSandboxId(sandbox, 'sandbox'), TEST_TIME_MS)).to.deep.equal(patterns);
    });
  }

  it('of two rules with wildcards is that of the lower id, whichever covers less', () => {
    const rules = ['allow any *.example.com 443', 'allow any *.a.example.com 443', 'allow any b.a.example.com 443'];
    const nested = networkView({ version: 1, sandboxes: { 'sbx-web': 'host-a' }, aliases: {}, egress: rules });
    expect(judged('sbx-web', 'b.a.example.com', 443, nested).ruleId).to.equal('rule-e0000');
  });

  const names = OUTSIDE_NAMES.map((name) => parseOutsideName(name, 'name'));
  const sandboxes = EVERY_SOURCE.flatMap((source) => (source.kind === 'sandbox' ? [source.sandboxId] : []));

  it('is a denial unless a rule allows it and none denies, by one rule at a time', () => {
    fc.assert(
      fc.property(topology, (network) => {
        for (const sandboxId of sandboxes) {
          for (const name of names) {
            const matching = [...network.egressRules.values()].filter(
              (rule) =>
                rule.port === 80 &&
                covers(rule.to, name) &&
                matchesSource(network, rule.from, { kind: 'sandbox', sandboxId }),
            );
            const isAllowed =
              network.sandboxes.has(sandboxId) &&
              matching.some((rule) => rule.effect === 'allow' && !hasEnded(rule)) &&
              !matching.some(({ effect }) => effect === 'deny');
            expect(evaluateOutside(network, { sandboxId, name, port: 80 }, TEST_TIME_MS).effect === 'allow').to.equal(
              isAllowed,
            );
            expect(allowedPorts(network, sandboxId, name, TEST_TIME_MS).includes(80)).to.equal(isAllowed);
            if (isAllowed) {
              expect(
                allowedPatterns(network, sandboxId, TEST_TIME_MS).some((pattern) => covers(pattern, name)),
              ).to.equal(true);
            }
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is the same at an agent for its own sandboxes, which learns of no rule that is about others alone', () => {
    fc.assert(
      fc.property(topology, (network) => {
        for (const agentId of participants(network)) {
          const held = viewOf(parseSnapshot(JSON.parse(JSON.stringify(compile(network, agentId)))));
          const own = [...network.sandboxes.values()].filter((sandbox) => sandbox.agentId === agentId);
          for (const { sandboxId } of own) {
            for (const name of names) {
              for (const port of [80, 8080]) {
                const { nearMisses: _, ...verdict } = evaluateOutside(network, { sandboxId, name, port }, TEST_TIME_MS);
                expect(evaluateOutside(held, { sandboxId, name, port }, TEST_TIME_MS)).to.deep.include(verdict);
              }
            }
          }
          const sourcesOf = ({ from }: EgressRule) =>
            sandboxes.filter((sandboxId) => matchesSource(network, from, { kind: 'sandbox', sandboxId }));
          const leaving = [...network.egressRules.values()].filter(({ via }) => via === agentId).flatMap(sourcesOf);
          for (const rule of held.egressRules.values()) {
            const isOwn = sourcesOf(rule).some((id) => own.some(({ sandboxId }) => sandboxId === id));
            const isOfExit =
              rule.via === agentId || (rule.effect === 'deny' && sourcesOf(rule).some((id) => leaving.includes(id)));
            expect(isOwn || isOfExit).to.equal(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('at an exit lets a peer reach what a rule says leaves from there, for sandboxes of the peer, and nothing else', () => {
    let allowed = 0;
    fc.assert(
      fc.property(topology, (network) => {
        for (const exit of participants(network)) {
          const held = viewOf(parseSnapshot(JSON.parse(JSON.stringify(compile(network, exit)))));
          for (const thief of participants(network)) {
            for (const { sandboxId, agentId } of network.sandboxes.values()) {
              for (const name of names) {
                const subject = {
                  ...{ source: { kind: 'sandbox', sandboxId } as const, to: name, port: 80, target: null },
                  from: { kind: 'peer', peer: { kind: 'agent', agentId: thief } } as const,
                };
                const decision = judge(held, subject, exit, TEST_TIME_MS);
                const verdict = evaluateOutside(network, { sandboxId, name, port: 80 }, TEST_TIME_MS);
                const leavesHere = [...network.egressRules.values()].some(
                  (rule) =>
                    rule.effect === 'allow' &&
                    rule.via === exit &&
                    rule.port === 80 &&
                    covers(rule.to, name) &&
                    matchesSource(network, rule.from, { kind: 'sandbox', sandboxId }),
                );
                const mayLeave = verdict.effect === 'allow' && leavesHere && agentId === thief;
                if (decision.allowed) allowed += 1;
                if (decision.allowed) expect(mayLeave).to.equal(true);
                // Flows that the source's agent sends here are accepted.
                if (verdict.via === exit && agentId === thief) expect(decision.allowed).to.equal(true);
              }
            }
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(allowed).to.be.greaterThan(0);
  });

  it('leaves from the exit of a rule that names one, private addresses by that rule alone', () => {
    const leaves = (...egress: readonly string[]) => {
      const on = networkView({ version: 1, sandboxes: { 'sbx-web': 'host-a' }, aliases: {}, egress });
      const { effect, via, mayBePrivate } = judged('sbx-web', 'a.example.com', 443, on);
      return `${effect} ${via} ${mayBePrivate}`;
    };
    const own = 'allow any a.example.com 443';
    expect(leaves(own)).to.equal('allow null false');
    expect(leaves(own, `${own} via=host-b`)).to.equal('allow host-b false');
    expect(leaves(`${own} private`, `${own} via=host-b`)).to.equal('allow host-b false');
    expect(leaves(`${own} private via=host-c`, `${own} via=host-b`)).to.equal('allow host-c true');
    expect(leaves(`${own} via=host-c`, `${own} private via=host-b`)).to.equal('allow host-c false');
    expect(leaves(`${own} via=host-b`, 'deny any *.example.com 443')).to.equal('deny null false');
  });

  it('makes an exit take part, with the rules that name it and the denies of their sources', () => {
    const on = networkView({
      version: 1,
      sandboxes: { 'sbx-web': 'host-a', 'sbx-db': 'host-a' },
      aliases: { db: { sandbox: 'sbx-db', ports: [5432] } },
      egress: [
        'allow sandbox:sbx-web a.example.com 443 via=host-b',
        'allow sandbox:sbx-web b.example.com 443',
        'allow sandbox:sbx-web c.example.com 443 via=host-c',
        'deny any d.example.com 443',
        'deny db e.example.com 443',
      ],
    });
    const network = {
      ...(on as Parameters<typeof compile>[0]),
      ...{ quarantinedSince: null, deleted: false, maxStalenessSeconds: 60 },
    };
    expect(participants(network)).to.deep.equal(['host-a', 'host-b', 'host-c']);
    const learnt = (agent: string) => compile(network, parseAgentId(agent, 'agent')).egress?.map(({ to }) => to[0]);
    expect(learnt('host-a')?.join('')).to.equal('abcde');
    expect(learnt('host-b')?.join('')).to.equal('ad');
    expect(learnt('host-c')?.join('')).to.equal('cd');
  });

  it('gives an agent the rules that its own sandboxes are sources of, by an alias of theirs too', () => {
    const snapshot = compile(
      { ...(view as Parameters<typeof compile>[0]), quarantinedSince: null, deleted: false, maxStalenessSeconds: 60 },
      parseAgentId('host-b', 'agent'),
    );
    expect(snapshot.egress?.map(({ to }) => to)).to.deep.equal(['api.example.net', 'bad.example.com', 'example.org']);
  });
});
