import { expect } from 'chai';
import { parseAgentId, parseUserName } from '#libs/contracts/ids.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetwork } from '#libs/domain/network/state.js';
import { compile, participants } from '#libs/policy/compile.js';
import { compileForLocalNode } from '#libs/policy/compile-local.js';
import type { Topology } from '#libs/policy/model.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { attached, created, networkDeleted, published, rule } from '#test/unit/policy/network-events.js';
import { given } from './network-commands.js';
import { withRule } from './network-fixtures.js';

const HOST_A = parseAgentId('host-a', 'agent');
const agents = [HOST_A];
const quarantined: NetworkEvent = { type: 'NetworkQuarantined', data: { agents, reason: 'a leak' } };
const lifted: NetworkEvent = { type: 'NetworkQuarantineLifted', data: {} };
const quarantine = { kind: 'QuarantineNetwork', agents, reason: 'a leak' } as const;
const lift = { kind: 'LiftQuarantine' } as const;

const fold = (...events: readonly NetworkEvent[]) => {
  const topology = events.reduce<Topology | null>(evolveNetwork, null);
  if (topology === null) throw new Error('no event');
  return topology;
};

describe('a network in quarantine', () => {
  it('is put there once, and taken out once', () => {
    given(...withRule)
      .when(quarantine)
      .thenWritten([quarantined], { agents });
    given(...withRule, quarantined)
      .when(quarantine)
      .thenWritten([], { agents });
    given(...withRule, quarantined)
      .when(lift)
      .thenWritten([lifted], null);
    given(...withRule)
      .when(lift)
      .thenWritten([], null);
    given(created(), networkDeleted).when(quarantine).thenRefused('not-found', 'NETWORK_NOT_FOUND');
  });

  it('says since which version it is there', () => {
    const decision = decideNetwork(quarantine, fold(created(), quarantined, attached('sbx-web')));
    expect(decision).to.include({ unchangedSince: 2 });
  });

  it('has nobody who takes part, and all of them again when that is lifted', () => {
    const before = fold(created(), attached('sbx-web', 'host-a'));
    expect(participants(before)).to.deep.equal(['host-a']);
    const cutOff = evolveNetwork(before, quarantined);
    expect(participants(cutOff)).to.deep.equal([]);
    expect(compile(cutOff, HOST_A)).to.include({ participates: false });
    expect(compileForLocalNode(cutOff, parseUserName('ada', 'user'))).to.include({ participates: false });
    expect(participants(evolveNetwork(cutOff, lifted))).to.deep.equal(['host-a']);
  });

  // A release that cannot read the whole stream sends the same as one that can, so that neither sees the other's
  // version as another history.
  it('is sent as the same snapshot, whatever else is known of the network', () => {
    const [less, more] = [
      fold(created(), attached('sbx-web', 'host-a'), published('api', 'sbx-web', 80), quarantined),
      fold(
        { ...created(), data: { ...fold(created()), maxStalenessSeconds: 60 } } as NetworkEvent,
        attached('sbx-web', 'host-b'),
        rule('0001', 'deny any -> api:80'),
        quarantined,
      ),
    ];
    expect(compile(less, HOST_A)).to.deep.equal(compile(more, HOST_A));
    expect(snapshotHash(compile(less, HOST_A))).to.equal(snapshotHash(compile(more, HOST_A)));
  });
});
