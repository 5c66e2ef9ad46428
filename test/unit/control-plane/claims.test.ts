import { expect } from 'chai';
import { type Claim, type ClaimedStore, judgeClaim } from '#apps/control-plane/applied/claims.js';
import { currentHash } from '#apps/control-plane/record/current-hash.js';
import type { NetworkRecord } from '#apps/control-plane/record/network-record.js';
import { nextNetworkRecord } from '#apps/control-plane/record/network-record.js';
import { parseAgentId, parseNetworkId } from '#libs/contracts/ids.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { storedEvent } from '#test/support/stored-event.js';
import { attached, created, placed, published } from '../policy/network-events.js';

const HOST_A = parseAgentId('host-a', 'agent');
const OUTSIDER = parseAgentId('host-z', 'agent');
const epoch = { counter: 2, id: 'two' };
const networkId = parseNetworkId('0a1b', 'network');

/** host-c took part until version 4. */
const EVENTS: readonly NetworkEvent[] = [
  created(),
  attached('sbx-web', 'host-a'),
  attached('sbx-api', 'host-c'),
  placed('sbx-api', 'host-b'),
  published('api', 'sbx-api', 8080),
];
const RECORD = EVENTS.map((event, index) =>
  storedEvent({ ...event, streamId: 'network-0a1b', streamVersion: index + 1, commandId: `c-${index}` }),
).reduce<NetworkRecord | null>(nextNetworkRecord, null);
if (RECORD === null) throw new Error('no record');
const OURS = currentHash(RECORD, HOST_A);
const THEIRS = 'f'.repeat(64);

const claim = (change: Partial<Claim> = {}): Claim => ({
  ...{ networkId, epoch, version: 5, hash: OURS, signature: null },
  ...change,
});

function judge(agentId: typeof HOST_A, about: Claim, record: NetworkRecord | null = RECORD) {
  const store: ClaimedStore = {
    record,
    epoch,
    isExpected: (version, hash) => (version === 5 ? hash === OURS : version < 3 ? null : false),
    isSigned: ({ signature }) => signature === `ours for ${agentId}`,
  };
  return judgeClaim(agentId, about, store).kind;
}

const signed = { signature: 'ours for host-a' };

describe('what an agent says it holds', () => {
  const rows: readonly (readonly [string, Claim, string])[] = [
    ['the present version, with its hash', claim(), 'agrees'],
    ['an earlier version that is not remembered', claim({ version: 2, hash: THEIRS }), 'agrees'],
    ['a version of an epoch that has ended', claim({ epoch: { counter: 1, id: 'one' }, version: 900 }), 'ended-epoch'],
    ['a version ahead of the store, signed', claim({ version: 12, hash: THEIRS, ...signed }), 'regressed'],
    ['a version ahead of the store, not signed', claim({ version: 5_000, hash: THEIRS }), 'not-signed'],
    ['a version ahead, signed for another agent', claim({ version: 12, signature: 'ours for host-b' }), 'not-signed'],
    ['the present version with another hash, signed', claim({ hash: THEIRS, ...signed }), 'regressed'],
    ['the present version with another hash, not signed', claim({ hash: THEIRS }), 'not-signed'],
    ['an earlier version with another hash, signed', claim({ version: 4, hash: THEIRS, ...signed }), 'regressed'],
    ['a higher epoch, signed', claim({ epoch: { counter: 3, id: 'three' }, ...signed }), 'regressed'],
    ['a higher epoch, not signed', claim({ epoch: { counter: 2_147_483_647, id: 'x' } }), 'not-signed'],
    ['the epoch of another store, signed', claim({ epoch: { counter: 2, id: 'other' }, ...signed }), 'regressed'],
    ['the epoch of another store, not signed', claim({ epoch: { counter: 2, id: 'other' } }), 'not-signed'],
  ];
  for (const [what, about, expected] of rows) {
    it(`${what}: ${expected}`, () => expect(judge(HOST_A, about)).to.equal(expected));
  }

  it('is in the store, also where this release cannot read it', () => {
    const newer = storedEvent({ type: 'Unheard', streamId: 'network-0a1b', streamVersion: 6, commandId: 'c-6' });
    const record = nextNetworkRecord(RECORD, newer);
    const store: ClaimedStore = { record, epoch, isExpected: () => null, isSigned: () => true };
    expect(judgeClaim(HOST_A, claim({ version: 6, hash: THEIRS, ...signed }), store).kind).to.equal('agrees');
    expect(judgeClaim(HOST_A, claim({ version: 7, hash: THEIRS, ...signed }), store).kind).to.equal('regressed');
  });

  it('counts for nothing from an agent that never took part, however high it claims to be', () => {
    for (const version of [1, 5, 12, 5_000]) {
      expect(judge(OUTSIDER, claim({ version, hash: THEIRS }))).to.equal('not-a-member');
      expect(judge(OUTSIDER, claim({ version, hash: THEIRS, ...signed }))).to.equal('not-a-member');
    }
    expect(judge(OUTSIDER, claim())).to.equal('not-a-member');
  });

  it('counts from an agent that took part in a history that was lost, by its signature', () => {
    expect(judge(OUTSIDER, claim({ version: 12, signature: 'ours for host-z' }))).to.equal('regressed');
  });

  it('counts from an agent that has left', () => {
    expect(judge(parseAgentId('host-c', 'agent'), claim())).to.equal('agrees');
  });

  it('of a network that is not in this store: history with a signature, nothing without', () => {
    expect(judge(HOST_A, claim({ version: 12, hash: THEIRS, ...signed }), null)).to.equal('regressed');
    expect(judge(HOST_A, claim({ version: 12, hash: THEIRS }), null)).to.equal('not-a-member');
  });
});
