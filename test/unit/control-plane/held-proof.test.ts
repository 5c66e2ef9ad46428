import { expect } from 'chai';
import type { AgentNetworkState } from '#apps/control-plane/status/agent-network-status.js';
import { type HeldProof, proveHeld } from '#apps/control-plane/status/held-proof.js';
import { parseAgentId } from '#libs/contracts/ids.js';

const HOST_A = parseAgentId('host-a', 'agent');
const HOST_B = parseAgentId('host-b', 'agent');
const VERSION = 5;

const state = (status: AgentNetworkState['status'], appliedVersion: number | null): AgentNetworkState => ({
  status,
  appliedVersion,
  appliedAt: null,
  reason: status === 'SYNCED' ? null : `it is ${status}`,
});

interface Row {
  readonly says: string;
  readonly presentVersion?: number;
  /** host-b; host-a is SYNCED at the present version, and acknowledged version 5. */
  readonly other: AgentNetworkState;
  readonly otherAcknowledged?: boolean;
  readonly expected: Partial<HeldProof>;
  readonly status: string;
}

const proven = { confirmed: 2, supersededBy: null, settled: true };
const waiting = { confirmed: 1, supersededBy: null, settled: false };

const rows: readonly Row[] = [
  { says: 'SYNCED at the version is proof', other: state('SYNCED', 5), expected: proven, status: 'SYNCED' },
  { says: 'on its way is no proof yet', other: state('PENDING', 4), expected: waiting, status: 'PENDING' },
  {
    says: 'offline is no proof, whatever it said before',
    other: state('OFFLINE', 5),
    expected: waiting,
    status: 'OFFLINE',
  },
  { says: 'not heard of is no proof', other: state('UNKNOWN', null), expected: waiting, status: 'UNKNOWN' },
  {
    says: 'a name that is not up is no proof, and nothing to wait for',
    other: state('FAILED', 5),
    expected: { ...waiting, settled: true },
    status: 'FAILED',
  },
  {
    says: 'the network went on: who acknowledged the version itself and is in contact counts',
    presentVersion: 7,
    other: state('PENDING', 5),
    otherAcknowledged: true,
    expected: proven,
    status: 'SYNCED',
  },
  {
    says: 'the network went on: who acknowledged it and is not heard of does not count',
    presentVersion: 7,
    other: state('OFFLINE', 5),
    otherAcknowledged: true,
    expected: waiting,
    status: 'OFFLINE',
  },
  {
    says: 'the network went on: who went past the version leaves it superseded',
    presentVersion: 7,
    other: state('SYNCED', 7),
    expected: { confirmed: 1, supersededBy: 7, settled: true },
    status: 'UNKNOWN',
  },
  {
    says: 'the network went on: who is still before the version is waited for',
    presentVersion: 7,
    other: state('STALE', 4),
    expected: waiting,
    status: 'STALE',
  },
];

describe('who is known to follow a version that a write found', () => {
  for (const { says, presentVersion = VERSION, other, otherAcknowledged = false, expected, status } of rows) {
    it(says, () => {
      const proof = proveHeld({
        version: VERSION,
        presentVersion,
        participants: [HOST_A, HOST_B],
        acknowledged: new Set(otherAcknowledged ? [HOST_A, HOST_B] : [HOST_A]),
        stateOf: (agentId) => (agentId === HOST_A ? state('SYNCED', presentVersion) : other),
      });
      expect(proof).to.deep.include(expected);
      expect(proof.agents.map((agent) => agent.status)).to.deep.equal(['SYNCED', status]);
      expect(proof.agents.map(({ flowsCut }) => flowsCut)).to.deep.equal([0, 0]);
    });
  }
});
