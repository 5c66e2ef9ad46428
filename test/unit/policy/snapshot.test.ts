import { expect } from 'chai';
import fc from 'fast-check';
import { parseAgentId } from '#libs/contracts/ids.js';
import { compile, compileTree, participants } from '#libs/policy/compile.js';
import { evaluate } from '#libs/policy/evaluate.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import { parseSnapshot, SnapshotInvalidError } from '#libs/policy/parse-snapshot.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { snapshotHashOfProtocol1, snapshotText } from '#libs/policy/snapshot-text.js';
import { viewOf } from '#libs/policy/view.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import { agentName, question, shuffled, topology } from './arbitraries.js';
import { attached, created, egressRule, networkDeleted, published, rule, topologyOf } from './network-events.js';

const agent = (name: string) => parseAgentId(name, 'agent');

const dev = topologyOf(
  created(),
  attached('sbx-web', 'host-a', { tier: 'web' }),
  attached('sbx-api', 'host-b'),
  attached('sbx-loner'),
  published('web', 'sbx-web', 80),
  published('api', 'sbx-api', '80:8080', 8080),
  rule('0002', 'allow local:ada -> api:8080'),
  rule('0001', 'allow label:tier=web -> api:8080'),
);

describe('compile', () => {
  it('gives an agent that holds an attached sandbox everything, in order', () => {
    expect(compile(dev, agent('host-b'))).to.deep.equal({
      format: 1,
      networkId: '0a1b',
      name: 'dev',
      version: 8,
      maxStalenessSeconds: 86_400,
      participates: true,
      sandboxes: [
        { sandboxId: 'sbx-api', agentId: 'host-b', labels: {} },
        { sandboxId: 'sbx-loner', agentId: null, labels: {} },
        { sandboxId: 'sbx-web', agentId: 'host-a', labels: { tier: 'web' } },
      ],
      aliases: [
        {
          alias: 'api',
          sandboxId: 'sbx-api',
          ports: [
            { published: 80, target: 8080 },
            { published: 8080, target: 8080 },
          ],
        },
        { alias: 'web', sandboxId: 'sbx-web', ports: [{ published: 80, target: 80 }] },
      ],
      rules: [
        { id: 'rule-0001', effect: 'allow', from: 'label:tier=web', to: 'api', port: 8080 },
        { id: 'rule-0002', effect: 'allow', from: 'local:ada', to: 'api', port: 8080 },
      ],
    });
  });

  it('tells every other agent to let go, without a word of what is in the network', () => {
    for (const [network, name] of [
      [dev, 'host-c'],
      [topologyOf(created()), 'host-a'],
      [topologyOf(created(), attached('sbx-web', 'host-a'), networkDeleted), 'host-a'],
    ] as const) {
      const snapshot = compile(network, agent(name));
      expect(snapshot).to.deep.include({ participates: false, sandboxes: [], aliases: [], rules: [] });
      expect(snapshot.version).to.equal(network.version);
    }
  });

  it('gives each agent the rules about names outside that concern it, and agents with the same rules the same value', () => {
    const network = topologyOf(
      created(),
      attached('web-1', 'host-a'),
      attached('web-2', 'host-b'),
      attached('db-1', 'host-c', { tier: 'db' }),
      attached('db-2', 'host-d', { tier: 'db' }),
      attached('sbx-bare', 'host-e'),
      egressRule('e0001', 'allow sandbox:web-1 -> one.example.com:443'),
      egressRule('e0002', 'allow sandbox:web-2 -> two.example.com:443'),
      egressRule('e0003', 'allow label:tier=db -> db.example.com:443'),
    );
    for (const compiled of [compile, compileTree]) {
      const of = (host: string) => compiled(network, agent(host));
      const ids = ['host-a', 'host-b', 'host-c', 'host-d', 'host-e', 'host-z'].map((host) =>
        (of(host).egress ?? []).map(({ id }) => id),
      );
      expect(ids).to.deep.equal([['rule-e0001'], ['rule-e0002'], ['rule-e0003'], ['rule-e0003'], [], []]);
      expect(of('host-a')).to.equal(of('host-a'));
      expect(of('host-d')).to.equal(of('host-c'));
    }
    expect(compileTree(network, agent('host-e')).head.participates).to.equal(true);
    expect(compileTree(network, agent('host-z')).head.participates).to.equal(false);
  });

  it('names the agents that take part', () => {
    expect(participants(dev)).to.deep.equal(['host-a', 'host-b']);
    expect(participants(topologyOf(created(), attached('sbx-web', 'host-a'), networkDeleted))).to.deep.equal([]);
  });

  it('takes part exactly as participants says', () => {
    fc.assert(
      fc.property(topology, agentName, (network, name) => {
        expect(compile(network, agent(name)).participates).to.equal(participants(network).includes(agent(name)));
      }),
    );
  });

  it('gives the same text and hash in whatever order the network was filled', () => {
    const twice = topology.chain((network) => fc.tuple(fc.constant(network), shuffled(network)));
    fc.assert(
      fc.property(twice, agentName, ([network, other], name) => {
        const [first, second] = [compile(network, agent(name)), compile(other, agent(name))];
        expect(snapshotText(first)).to.equal(snapshotText(second));
        expect(snapshotHash(first)).to.equal(snapshotHash(second));
      }),
    );
  });

  it('lets an agent decide as the control plane does', () => {
    fc.assert(
      fc.property(topology, fc.array(question), (network, questions) => {
        for (const name of participants(network)) {
          const view = viewOf(compile(network, name));
          for (const asked of questions)
            expect(evaluate(view, asked, TEST_TIME_MS)).to.deep.equal(evaluate(network, asked, TEST_TIME_MS));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a snapshot on its way', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(topology, agentName, (network, name) => {
        const sent = compile(network, agent(name));
        const received = parseSnapshot(JSON.parse(snapshotText(sent)));
        expect(received).to.deep.equal(sent);
        expect(snapshotHash(received)).to.equal(snapshotHash(sent));
      }),
    );
  });

  it('has a settled text, whose hash protocol 1 acknowledged', () => {
    expect(snapshotText(compile(topologyOf(created()), agent('host-a')))).to.equal(
      '{"aliases":[],"format":1,"maxStalenessSeconds":86400,"name":"dev","networkId":"0a1b","participates":false,"rules":[],"sandboxes":[],"version":1}',
    );
    expect(snapshotHashOfProtocol1(compile(topologyOf(created()), agent('host-a')))).to.equal(
      '41a150a7c1fc69685d5bb2ebb3968af62168f6cd0638b22a6bfca9ec5f9149ec',
    );
  });

  const sent = () => JSON.parse(snapshotText(compile(dev, agent('host-a'))));
  const broken: readonly (readonly [
    what: string,
    change: (snapshot: ReturnType<typeof sent>) => unknown,
    names: string,
  ])[] = [
    ['is no object', () => 'snapshot', 'snapshot'],
    ['is null', () => null, 'snapshot'],
    ['is a list', () => [], 'snapshot'],
    ['lacks a member', ({ rules, ...rest }) => rest, 'snapshot.rules'],
    ['has a member more', (s) => ({ ...s, peers: [] }), 'peers'],
    ['has a version of 0', (s) => ({ ...s, version: 0 }), 'snapshot.version'],
    ['has a version in text', (s) => ({ ...s, version: '8' }), 'snapshot.version'],
    ['has a version that is not whole', (s) => ({ ...s, version: 1.5 }), 'snapshot.version'],
    ['would be served for ever', (s) => ({ ...s, maxStalenessSeconds: 1e9 }), 'snapshot.maxStalenessSeconds'],
    ['has another kind of name', (s) => ({ ...s, name: 'Dev' }), 'snapshot.name'],
    ['has a network id that is none', (s) => ({ ...s, networkId: '../etc' }), 'snapshot.networkId'],
    ['has rules for nobody', (s) => ({ ...s, participates: false }), 'snapshot.participates'],
    ['has a list that is none', (s) => ({ ...s, sandboxes: {} }), 'snapshot.sandboxes'],
    ['has too many sandboxes', (s) => ({ ...s, sandboxes: Array(1001).fill(s.sandboxes[0]) }), 'snapshot.sandboxes'],
    ['has too many rules', (s) => ({ ...s, rules: Array(5001).fill(s.rules[0]) }), 'snapshot.rules'],
    ['has a sandbox twice', (s) => ({ ...s, sandboxes: [s.sandboxes[0], ...s.sandboxes] }), 'snapshot.sandboxes[1]'],
    ['is out of order', (s) => ({ ...s, rules: s.rules.toReversed() }), 'snapshot.rules[1]'],
    ['has an alias of a stranger', (s) => ({ ...s, sandboxes: s.sandboxes.slice(0, 1) }), 'sbx-web'],
    ['has an alias named any', (s) => ({ ...s, aliases: [{ ...s.aliases[0], alias: 'any' }] }), 'snapshot.aliases[0]'],
    ['has an alias without ports', (s) => ({ ...s, aliases: [{ ...s.aliases[0], ports: [] }] }), 'ports'],
    [
      'has a port out of range',
      (s) => ({ ...s, aliases: [{ ...s.aliases[0], ports: [{ published: 0, target: 1 }] }] }),
      'snapshot.aliases[0].ports[0].published',
    ],
    [
      'has a published port twice',
      (s) => ({ ...s, aliases: [{ ...s.aliases[0], ports: [s.aliases[0].ports[0], s.aliases[0].ports[0]] }] }),
      'snapshot.aliases[0].ports[1]',
    ],
    ['has another effect', (s) => ({ ...s, rules: [{ ...s.rules[0], effect: 'audit' }] }), 'snapshot.rules[0].effect'],
    [
      'has a selector that is none',
      (s) => ({ ...s, rules: [{ ...s.rules[0], from: 'all:' }] }),
      'snapshot.rules[0].from',
    ],
    ['has a label that is none', (s) => ({ ...s, sandboxes: [{ ...s.sandboxes[0], labels: { a: 1 } }] }), 'labels'],
  ];
  for (const [what, change, names] of broken) {
    it(`is refused when it ${what}`, () => {
      expect(() => parseSnapshot(change(sent())))
        .to.throw(SnapshotInvalidError, names)
        .with.property('code', 'SNAPSHOT_INVALID');
    });
  }

  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));
  const labelled = (count: number) => {
    const snapshot = sent();
    const [first, ...others] = snapshot.sandboxes;
    return { ...snapshot, sandboxes: [{ ...first, labels: labels(count) }, ...others] };
  };
  it('may have as many labels on a sandbox as the control plane takes, and no more', () => {
    const { labelsPerSandbox } = NETWORK_LIMITS;
    expect(Object.keys(parseSnapshot(labelled(labelsPerSandbox)).sandboxes[0]?.labels ?? {})).to.have.length(
      labelsPerSandbox,
    );
    expect(() => parseSnapshot(labelled(labelsPerSandbox + 1))).to.throw(SnapshotInvalidError, 'labels');
  });

  it('has rules about names outside in order, or no such member', () => {
    const rule = { id: 'rule-00e1', effect: 'allow', from: 'any', to: 'example.com', port: 443, private: false };
    const later = { ...rule, id: 'rule-00e2', via: 'host-b' };
    expect(parseSnapshot({ ...sent(), egress: [rule, later] }).egress).to.deep.equal([rule, later]);
    for (const egress of [[], [later, rule], [rule, rule], [{ ...rule, private: 1 }], [{ ...rule, via: 'Host' }]]) {
      expect(() => parseSnapshot({ ...sent(), egress })).to.throw(SnapshotInvalidError, 'snapshot.egress');
    }
  });

  it('is refused in a format of another release, which is named', () => {
    expect(() => parseSnapshot({ ...sent(), format: 2 }))
      .to.throw(SnapshotInvalidError, 'format 2')
      .with.property('code', 'SNAPSHOT_FORMAT_UNSUPPORTED');
  });

  it('survives anything at all: parsed to the same text, or refused by name', () => {
    const base = fc.constantFrom(...Object.keys(sent()));
    fc.assert(
      fc.property(base, fc.jsonValue({ maxDepth: 4 }), (member, value) => {
        const changed = { ...sent(), [member]: value };
        try {
          expect(JSON.parse(snapshotText(parseSnapshot(changed)))).to.deep.equal(changed);
        } catch (error) {
          expect(error).to.be.instanceOf(SnapshotInvalidError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
