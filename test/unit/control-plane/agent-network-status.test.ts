import { expect } from 'chai';
import {
  type AgentNetworkFacts,
  agentNetworkState,
  networkStatus,
} from '#apps/control-plane/status/agent-network-status.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseAliasName, parseNetworkId } from '#libs/contracts/ids.js';

const NOW = new Date('2026-01-01T00:00:10.000Z');
const OURS = '0'.repeat(64);
const THEIRS = 'f'.repeat(64);
const epoch = { counter: 1, id: 'e' };
const EARLIER = { counter: 0, id: 'd' };
const networkId = parseNetworkId('abc', 'network');

function acknowledged(to: number, change: Partial<AppliedMessage> = {}): AppliedMessage {
  return {
    protocol: 1,
    epoch,
    networkId,
    from: to - 1,
    to,
    hash: OURS,
    signature: null,
    outcome: 'applied',
    code: null,
    message: null,
    aliasFailures: [],
    flowsCut: [],
    appliedAt: '2026-01-01T00:00:09.000Z',
    ...change,
  };
}

const held = (version: number, hash = OURS) => ({ networkId, epoch, version, hash, signature: null });
const justNow = new Date(NOW.getTime() - 100);
const longAgo = new Date(NOW.getTime() - 60_000);
const failure = { alias: parseAliasName('api', 'alias'), code: 'ADDRESS_IN_USE', message: 'taken' };

const rows: readonly (readonly [string, Partial<AgentNetworkFacts>, string])[] = [
  ['acknowledged the current version', { acknowledged: acknowledged(7) }, 'SYNCED'],
  ['says that it holds the current version', { held: held(7) }, 'SYNCED'],
  ['acknowledged this number with another hash', { acknowledged: acknowledged(7, { hash: THEIRS }) }, 'PENDING'],
  ['holds this number with another hash', { held: held(7, THEIRS) }, 'PENDING'],
  ['acknowledged this number in an earlier epoch', { acknowledged: acknowledged(7, { epoch: EARLIER }) }, 'PENDING'],
  ['holds this number of another store', { held: { ...held(7), epoch: { counter: 1, id: 'x' } } }, 'PENDING'],
  ['says what nobody vouches for', { acknowledged: acknowledged(7), doubt: 'holds 5000' }, 'FAILED'],
  ['speaks another protocol', { agent: 'OFFLINE', refusal: 'PROTOCOL_UNSUPPORTED: 3' }, 'FAILED'],
  ['acknowledged an older one a moment ago', { acknowledged: acknowledged(6) }, 'PENDING'],
  ['acknowledged an older one long ago', { acknowledged: acknowledged(6), changedAt: longAgo }, 'STALE'],
  ['was never heard', { agent: 'UNKNOWN', acknowledged: acknowledged(7) }, 'UNKNOWN'],
  ['has no heartbeat', { agent: 'OFFLINE', acknowledged: acknowledged(7) }, 'OFFLINE'],
  ['is revoked', { agent: 'REVOKED', acknowledged: acknowledged(7) }, 'OFFLINE'],
  ['refused the current version', { acknowledged: acknowledged(7, { outcome: 'refused', code: 'X' }) }, 'FAILED'],
  ['refused an older version', { acknowledged: acknowledged(6, { outcome: 'refused', code: 'X' }) }, 'PENDING'],
  ['could not bring up an alias', { acknowledged: acknowledged(7, { aliasFailures: [failure] }) }, 'FAILED'],
  ['holds the last version that can be read here', { acknowledged: acknowledged(7), unreadableFrom: 8 }, 'UNKNOWN'],
  ['has no heartbeat, of a stream that cannot be read', { agent: 'OFFLINE', unreadableFrom: 8 }, 'OFFLINE'],
  ['holds what the store never wrote', { acknowledged: acknowledged(7), regression: 'ahead' }, 'FAILED'],
];

describe('the status of an agent for a network', () => {
  for (const [what, facts, status] of rows) {
    it(`is ${status} when it ${what}`, () => {
      const state = agentNetworkState(
        {
          agent: 'ONLINE',
          currentVersion: 7,
          epoch,
          isCurrentHash: (hash) => hash === OURS,
          changedAt: justNow,
          acknowledged: null,
          acknowledgedAt: NOW,
          held: null,
          regression: null,
          doubt: null,
          refusal: null,
          unreadableFrom: null,
          ...facts,
        },
        NOW,
        5_000,
      );
      expect(state.status).to.equal(status);
      expect(state.reason === null).to.equal(status === 'SYNCED');
    });
  }

  it('tells when the control plane heard of it, not what the clock of the agent said', () => {
    const state = agentNetworkState(
      {
        ...{ agent: 'ONLINE', currentVersion: 7, epoch, isCurrentHash: () => true, changedAt: justNow, held: null },
        ...{ regression: null, doubt: null, refusal: null, unreadableFrom: null },
        acknowledged: acknowledged(7, { appliedAt: '2031-01-01T00:00:00.000Z' }),
        acknowledgedAt: justNow,
      },
      NOW,
      5_000,
    );
    expect(state.appliedAt).to.equal(justNow.toISOString());
  });

  it('makes a network as well as the worst of its agents', () => {
    const none = { quarantined: false, unreadable: false, regressed: false };
    expect(networkStatus([], none)).to.equal('EMPTY');
    expect(networkStatus(['SYNCED', 'SYNCED'], none)).to.equal('SYNCED');
    expect(networkStatus(['SYNCED', 'PENDING'], none)).to.equal('PENDING');
    expect(networkStatus(['SYNCED', 'OFFLINE', 'PENDING'], none)).to.equal('OFFLINE');
    expect(networkStatus(['FAILED', 'OFFLINE'], none)).to.equal('FAILED');
    expect(networkStatus(['SYNCED'], { ...none, regressed: true })).to.equal('EPOCH_REGRESSED');
    expect(networkStatus(['SYNCED'], { ...none, regressed: true, unreadable: true })).to.equal('STREAM_UNREADABLE');
    expect(networkStatus(['SYNCED'], { ...none, quarantined: true, unreadable: true })).to.equal('QUARANTINED');
  });
});
