import { expect } from 'chai';
import {
  type AgentNetworkFacts,
  agentNetworkState,
  networkStatus,
} from '#apps/control-plane/topology/agent-network-status.js';
import type { AppliedMessage } from '#libs/contracts/bus-messages.js';
import { parseAliasName, parseNetworkId } from '#libs/contracts/ids.js';

const NOW = new Date('2026-01-01T00:00:10.000Z');
const epoch = { counter: 1, id: 'e' };
const networkId = parseNetworkId('abc', 'network');

function acknowledged(to: number, change: Partial<AppliedMessage> = {}): AppliedMessage {
  return {
    protocol: 1,
    epoch,
    networkId,
    from: to - 1,
    to,
    hash: '0'.repeat(64),
    outcome: 'applied',
    code: null,
    message: null,
    aliasFailures: [],
    flowsCut: [],
    appliedAt: '2026-01-01T00:00:09.000Z',
    ...change,
  };
}

const held = (version: number) => ({ networkId, epoch, version, hash: '0'.repeat(64) });
const justNow = new Date(NOW.getTime() - 100);
const longAgo = new Date(NOW.getTime() - 60_000);
const failure = { alias: parseAliasName('api', 'alias'), code: 'ADDRESS_IN_USE', message: 'taken' };

const rows: readonly (readonly [string, Partial<AgentNetworkFacts>, string])[] = [
  ['acknowledged the current version', { acknowledged: acknowledged(7) }, 'SYNCED'],
  ['says that it holds the current version', { held: held(7) }, 'SYNCED'],
  ['acknowledged an older one a moment ago', { acknowledged: acknowledged(6) }, 'PENDING'],
  ['acknowledged an older one long ago', { acknowledged: acknowledged(6), changedAt: longAgo }, 'STALE'],
  ['was never heard', { agent: 'UNKNOWN', acknowledged: acknowledged(7) }, 'UNKNOWN'],
  ['has no heartbeat', { agent: 'OFFLINE', acknowledged: acknowledged(7) }, 'OFFLINE'],
  ['is revoked', { agent: 'REVOKED', acknowledged: acknowledged(7) }, 'OFFLINE'],
  ['refused the current version', { acknowledged: acknowledged(7, { outcome: 'refused', code: 'X' }) }, 'FAILED'],
  ['refused an older version', { acknowledged: acknowledged(6, { outcome: 'refused', code: 'X' }) }, 'PENDING'],
  ['could not bring up an alias', { acknowledged: acknowledged(7, { aliasFailures: [failure] }) }, 'FAILED'],
  ['holds what the store never wrote', { acknowledged: acknowledged(7), regression: 'ahead' }, 'FAILED'],
];

describe('the status of an agent for a network', () => {
  for (const [what, facts, status] of rows) {
    it(`is ${status} when it ${what}`, () => {
      const state = agentNetworkState(
        {
          agent: 'ONLINE',
          currentVersion: 7,
          changedAt: justNow,
          acknowledged: null,
          held: null,
          regression: null,
          ...facts,
        },
        NOW,
        5_000,
      );
      expect(state.status).to.equal(status);
      expect(state.reason === null).to.equal(status === 'SYNCED');
    });
  }

  it('makes a network as well as the worst of its agents', () => {
    expect(networkStatus([], false)).to.equal('EMPTY');
    expect(networkStatus(['SYNCED', 'SYNCED'], false)).to.equal('SYNCED');
    expect(networkStatus(['SYNCED', 'PENDING'], false)).to.equal('PENDING');
    expect(networkStatus(['SYNCED', 'OFFLINE', 'PENDING'], false)).to.equal('OFFLINE');
    expect(networkStatus(['FAILED', 'OFFLINE'], false)).to.equal('FAILED');
    expect(networkStatus(['SYNCED'], true)).to.equal('EPOCH_REGRESSED');
  });
});
