import { expect } from 'chai';
import fc from 'fast-check';
import { parseAliasName } from '#libs/contracts/ids.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetwork, evolveNetworkThrough, StreamOrderError } from '#libs/domain/network/state.js';
import type { Topology } from '#libs/policy/model.js';
import { networkEvents } from '../policy/arbitraries.js';
import {
  aliasRemoved,
  attached,
  created,
  detached,
  inPlainMaps,
  labelled,
  networkDeleted,
  placed,
  portsChanged,
  published,
  rule,
  ruleRemoved,
  topologyOf,
} from '../policy/network-events.js';
import { sinceByWalkingBack, sinceIn } from '../policy/since-by-walking-back.js';

const stepwise = (events: readonly NetworkEvent[]) => {
  const folded = events.reduce<Topology | null>((topology, event) => evolveNetwork(topology, event), null);
  return folded && inPlainMaps(folded);
};

const replayed = (before: Topology | null, events: readonly NetworkEvent[]) => {
  const folded = evolveNetworkThrough(before, events);
  return folded && inPlainMaps(folded);
};

describe('fold', () => {
  it('begins with an empty network at version 1', () => {
    expect(evolveNetwork(null, created('dev'))).to.deep.equal({
      networkId: '0a1b',
      name: 'dev',
      mode: 'agent_proxy',
      maxStalenessSeconds: 86_400,
      version: 1,
      sandboxes: new Map(),
      aliases: new Map(),
      rules: new Map(),
      egressRules: new Map(),
      policyTests: new Map(),
      quarantinedSince: null,
      formerPublishers: new Map(),
      deleted: false,
    });
  });

  it('holds what was attached, published and ruled', () => {
    const topology = topologyOf(
      created(),
      attached('sbx-1', 'host-a', { tier: 'web' }),
      attached('sbx-2'),
      published('api', 'sbx-1', '80:8080'),
      published('web', 'sbx-2', 443),
      rule('0001', 'allow any -> api:80'),
      rule('0002', 'deny local -> web:443'),
      placed('sbx-2', 'host-b'),
      labelled('sbx-2', { tier: 'db' }),
      portsChanged('web', 443, 80),
    );
    expect(topology.version).to.equal(10);
    expect([...topology.sandboxes.values()]).to.deep.equal([
      {
        ...{ sandboxId: 'sbx-1', agentId: 'host-a', labels: { tier: 'web' } },
        ...{ attachedSince: 2, placedSince: 2, labelledSince: 2 },
      },
      {
        ...{ sandboxId: 'sbx-2', agentId: 'host-b', labels: { tier: 'db' } },
        ...{ attachedSince: 3, placedSince: 8, labelledSince: 9 },
      },
    ]);
    expect(topology.aliases.get(parseAliasName('web', 'alias'))).to.deep.equal({
      alias: 'web',
      sandboxId: 'sbx-2',
      ports: [
        { published: 80, target: 80 },
        { published: 443, target: 443 },
      ],
      since: 10,
    });
    expect([...topology.rules.keys()]).to.deep.equal(['rule-0001', 'rule-0002']);
  });

  it('lets go of what was detached, removed and deleted', () => {
    const topology = topologyOf(
      created(),
      attached('sbx-1'),
      published('api', 'sbx-1', 80),
      rule('0001', 'allow any -> api:80'),
      ruleRemoved('0001'),
      aliasRemoved('api'),
      detached('sbx-1'),
      networkDeleted,
    );
    expect(topology).to.include({ version: 8, deleted: true });
    expect([topology.sandboxes.size, topology.aliases.size, topology.rules.size]).to.deep.equal([0, 0, 0]);
  });

  it('refuses a stream that does not begin with NetworkCreated, or begins twice', () => {
    expect(() => evolveNetwork(null, detached('sbx-1'))).to.throw(StreamOrderError, 'version 1');
    expect(() => evolveNetwork(topologyOf(created()), created())).to.throw(StreamOrderError, 'version 2');
  });

  it('has the stream version after any events', () => {
    fc.assert(
      fc.property(networkEvents, (events) => {
        expect(topologyOf(...events).version).to.equal(events.length);
      }),
    );
  });

  it('replay equals live: all at once, one by one, or resumed in the middle', () => {
    fc.assert(
      fc.property(networkEvents, fc.nat(), (events, cut) => {
        const middle = cut % (events.length + 1);
        const live = stepwise(events);
        expect(replayed(null, events)).to.deep.equal(live);
        const resumed = evolveNetworkThrough(null, events.slice(0, middle));
        expect(replayed(resumed, events.slice(middle))).to.deep.equal(live);
      }),
    );
  });

  it('knows since when each element is as it is: what a walk back over the stream finds', () => {
    fc.assert(
      fc.property(networkEvents, (events) => {
        expect(sinceIn(topologyOf(...events))).to.deep.equal(sinceByWalkingBack(events));
      }),
      { numRuns: 500 },
    );
  });

  it('never changes a topology it was given', () => {
    fc.assert(
      fc.property(networkEvents, networkEvents, (events, more) => {
        const before = topologyOf(...events);
        const copy = structuredClone(before);
        evolveNetworkThrough(before, more.slice(1));
        stepwise(events);
        for (const event of more.slice(1)) evolveNetwork(before, event);
        expect(before).to.deep.equal(copy);
      }),
    );
  });
});
