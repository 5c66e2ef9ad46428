import { expect } from 'chai';
import fc from 'fast-check';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetwork } from '#libs/domain/network/state.js';
import { elementsTouchedBy } from '#libs/domain/network/touched-elements.js';
import { compile, participants, snapshotHead } from '#libs/policy/compile.js';
import { egressRulesOf } from '#libs/policy/egress-rules-of.js';
import type { Snapshot, Topology } from '#libs/policy/model.js';
import {
  digestAfter,
  digestOfTopology,
  EMPTY_DIGEST,
  hashOfDigest,
  type SnapshotDigest,
  snapshotHash,
} from '#libs/policy/snapshot-digest.js';
import {
  aliasRemoved,
  attached,
  created,
  detached,
  egressRule,
  egressRuleRemoved,
  labelled,
  networkDeleted,
  placed,
  portsChanged,
  published,
  rule,
  ruleRemoved,
  topologyOf,
} from './network-events.js';

const agent = (name: string) => parseAgentId(name, 'agent');
const sandbox = fc.constantFrom('sbx-a', 'sbx-b', 'sbx-c', 'sbx-d');
const host = fc.constantFrom('host-a', 'host-b', null);
const alias = fc.constantFrom('api', 'web', 'db', 'cache');
const port = fc.constantFrom<readonly [string | number, ...(string | number)[]]>([80], [8080, '80:8080'], ['443:8443']);
const labels = fc.constantFrom({}, { tier: 'web' }, { tier: 'api', zone: 'a' });
const ruleId = fc.nat({ max: 30 }).map((number) => String(number).padStart(4, '0'));

/** Any event, whether or not a decider would have allowed it there. */
const event: fc.Arbitrary<NetworkEvent> = fc.oneof(
  fc.tuple(sandbox, host, labels).map(([id, on, text]) => attached(id, on, text)),
  sandbox.map(detached),
  fc.tuple(sandbox, host).map(([id, on]) => placed(id, on)),
  fc.tuple(sandbox, labels).map(([id, text]) => labelled(id, text)),
  fc.tuple(alias, sandbox, port).map(([name, id, ports]) => published(name, id, ...ports)),
  fc.tuple(alias, port).map(([name, ports]) => portsChanged(name, ...ports)),
  alias.map(aliasRemoved),
  fc
    .tuple(ruleId, fc.constantFrom('allow', 'deny'), alias)
    .map(([id, effect, to]) => rule(id, `${effect} any -> ${to}:80`)),
  ruleId.map(ruleRemoved),
  fc
    .tuple(ruleId, fc.constantFrom('any', 'label:tier=web', 'sandbox:sbx-a', 'api'))
    .map(([id, from]) => egressRule(`e${id}`, `allow ${from} -> *.example.com:443`)),
  ruleId.map((id) => egressRuleRemoved(`e${id}`)),
);

interface Step {
  readonly topology: Topology;
  readonly digest: SnapshotDigest;
}

function steps(events: readonly NetworkEvent[]): readonly Step[] {
  const taken: Step[] = [];
  for (const next of events) {
    const before: Step | undefined = taken.at(-1);
    const topology: Topology = evolveNetwork(before?.topology ?? null, next);
    taken.push({ topology, digest: digestAfter(before?.digest ?? EMPTY_DIGEST, elementsTouchedBy(next), topology) });
  }
  return taken;
}

const hashOf = ({ topology, digest }: Step, agentId: AgentId): string =>
  participants(topology).includes(agentId)
    ? hashOfDigest(snapshotHead(topology, true), digest, egressRulesOf(topology, agentId))
    : hashOfDigest(snapshotHead(topology, false), EMPTY_DIGEST, []);

const withoutEgress = ({ egress: _egress, ...others }: Snapshot): Snapshot => others;

describe('the hash of what an agent holds', () => {
  it('kept event by event is the hash worked out from the whole snapshot, for every agent and version', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: 'max' }), fc.boolean(), (events, endsDeleted) => {
        const all = [created(), ...events, ...(endsDeleted ? [networkDeleted] : [])];
        for (const step of steps(all)) {
          const { topology, digest } = step;
          // A copy without a cached digest.
          expect(digest).to.deep.equal(digestOfTopology({ ...topology }));
          for (const name of ['host-a', 'host-b', 'host-c']) {
            const snapshot = compile(topology, agent(name));
            expect(hashOf(step, agent(name))).to.equal(snapshotHash(snapshot));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('costs one bucket for each element that a change touches, however large the network', () => {
    const many = Array.from({ length: 2_000 }, (_, index) =>
      rule(String(index).padStart(5, '0'), 'allow any -> api:80'),
    );
    const [before, after] = steps([
      created(),
      attached('sbx-a', 'host-a'),
      published('api', 'sbx-a', 80),
      ...many,
      ruleRemoved('00007'),
    ]).slice(-2);
    const changed = before?.digest.buckets.filter((bucket, index) => bucket !== after?.digest.buckets[index]);
    expect(changed).to.have.length(1);
  });

  it('is another one for any change of any member', () => {
    const base = compile(
      topologyOf(
        created(),
        attached('sbx-a', 'host-a', { tier: 'web' }),
        attached('sbx-b', 'host-b'),
        published('api', 'sbx-b', '80:8080'),
        rule('0001', 'allow label:tier=web -> api:80'),
        egressRule('0002', 'allow any -> example.com:443'),
      ),
      agent('host-a'),
    );
    const [first, second] = base.sandboxes;
    const [api] = base.aliases;
    const [allow] = base.rules;
    const [outside] = base.egress ?? [];
    if (outside === undefined) throw new Error('no egress rule');
    if (first === undefined || second === undefined || api === undefined || allow === undefined)
      throw new Error('empty');
    const others: readonly Snapshot[] = [
      { ...base, version: base.version + 1 },
      { ...base, maxStalenessSeconds: 61 },
      { ...base, networkId: 'ff' as Snapshot['networkId'] },
      { ...base, participates: false },
      { ...base, sandboxes: [first] },
      { ...base, sandboxes: [{ ...first, agentId: agent('host-b') }, second] },
      { ...base, sandboxes: [{ ...first, labels: { tier: 'api' } }, second] },
      {
        ...base,
        sandboxes: [
          { ...first, labels: {} },
          { ...second, labels: { tier: 'web' } },
        ],
      },
      { ...base, aliases: [] },
      { ...base, aliases: [{ ...api, sandboxId: first.sandboxId }] },
      { ...base, aliases: [{ ...api, ports: [{ published: 80, target: 8081 }] }] },
      { ...base, rules: [] },
      { ...base, rules: [{ ...allow, effect: 'deny' }] },
      { ...base, rules: [{ ...allow, from: 'any' }] },
      { ...base, rules: [{ ...allow, port: 81 }] },
      withoutEgress(base),
      { ...base, egress: [{ ...outside, effect: 'deny' }] },
      { ...base, egress: [{ ...outside, port: 80 }] },
      { ...base, egress: [{ ...outside, private: true }] },
      { ...base, egress: [{ ...outside, via: parseAgentId('host-b', 'agent') }] },
    ];
    const hashes = new Set([base, ...others].map(snapshotHash));
    expect(hashes.size).to.equal(others.length + 1);
  });

  it('is what it was when it was settled: it is part of the protocol', () => {
    const network = topologyOf(
      created(),
      attached('sbx-a', 'host-a', { tier: 'web' }),
      published('api', 'sbx-a', 8080, '80:8080'),
      rule('0001', 'allow any -> api:80'),
    );
    expect(snapshotHash(compile(network, agent('host-a')))).to.equal(
      '63206da60897095aa53f9af5d970552a15cb05e4a7620ffb5fdef4a32beb7c33',
    );
    expect(snapshotHash(compile(network, agent('host-z')))).to.equal(
      'f1996265e2f8e6654f98a3a9c2398fb5bd9e30cb53e4548b342dd550fe286605',
    );
  });
});
