import { expect } from 'chai';
import { type AppliedProof, proveApplied } from '#apps/control-plane/applied/applied-proof.js';
import type { AppliedRecord } from '#apps/control-plane/applied/applied-record.js';
import {
  type AgentId,
  type FlowId,
  parseAgentId,
  parseAliasName,
  parseFlowId,
  parseNetworkId,
} from '#libs/contracts/ids.js';

const HOST_A = parseAgentId('host-a', 'agent');
const HOST_B = parseAgentId('host-b', 'agent');
const OURS = '0'.repeat(64);
const another = { hash: 'f'.repeat(64) };
const flow = (digit: string): FlowId => parseFlowId(digit.repeat(32), 'flow');

function record(agentId: typeof HOST_A, to: number, change: Partial<AppliedRecord> = {}): AppliedRecord {
  return {
    agentId,
    epoch: { counter: 1, id: 'e' },
    networkId: parseNetworkId('abc', 'network'),
    from: to - 1,
    to,
    hash: OURS,
    outcome: 'applied',
    code: null,
    message: null,
    aliasFailures: [],
    flowsCut: [],
    appliedAt: '2026-01-01T00:00:00.000Z',
    receivedAt: new Date('2026-01-01T00:00:01.000Z'),
    ...change,
  };
}

const failed = { aliasFailures: [{ alias: parseAliasName('api', 'alias'), code: 'ADDRESS_IN_USE', message: 'taken' }] };
const refused = { outcome: 'refused' as const, code: 'SIGNATURE_INVALID', message: 'not signed' };

interface Row {
  readonly says: string;
  readonly records: readonly AppliedRecord[];
  readonly expected: Partial<AppliedProof>;
  readonly statuses: readonly string[];
}

const rows: readonly Row[] = [
  {
    says: 'nothing is proven while nobody has answered',
    records: [],
    expected: { confirmed: 0, open: [HOST_A, HOST_B], supersededBy: null, flowsCut: 0 },
    statuses: ['OFFLINE', 'OFFLINE'],
  },
  {
    says: 'each agent that acknowledged exactly this version confirms it',
    records: [record(HOST_A, 5), record(HOST_B, 5)],
    expected: { confirmed: 2, open: [], supersededBy: null },
    statuses: ['SYNCED', 'SYNCED'],
  },
  {
    says: 'a flow that both ends name counts once',
    records: [
      record(HOST_A, 5, { flowsCut: [flow('a'), flow('b')] }),
      record(HOST_B, 5, { flowsCut: [flow('b'), flow('c')] }),
    ],
    expected: { confirmed: 2, flowsCut: 3 },
    statuses: ['SYNCED', 'SYNCED'],
  },
  {
    says: 'an agent that went on to a later version leaves this one superseded',
    records: [record(HOST_A, 5), record(HOST_B, 7, { from: 4 })],
    expected: { confirmed: 1, open: [], supersededBy: 7 },
    statuses: ['SYNCED', 'UNKNOWN'],
  },
  {
    says: 'one that acknowledged it before it went on still confirms it',
    records: [record(HOST_A, 5), record(HOST_A, 6), record(HOST_B, 5)],
    expected: { confirmed: 2, supersededBy: null },
    statuses: ['SYNCED', 'SYNCED'],
  },
  {
    says: 'a listener that failed is no confirmation',
    records: [record(HOST_A, 5), record(HOST_B, 5, failed)],
    expected: { confirmed: 1, open: [] },
    statuses: ['SYNCED', 'FAILED'],
  },
  {
    says: 'the same number with another hash is another version',
    records: [record(HOST_A, 5), record(HOST_B, 5, { ...another, flowsCut: [flow('a')] })],
    expected: { confirmed: 1, open: [HOST_B], flowsCut: 0 },
    statuses: ['SYNCED', 'OFFLINE'],
  },
  {
    says: 'a later number with another hash supersedes nothing',
    records: [record(HOST_A, 5), record(HOST_B, 12, another)],
    expected: { confirmed: 1, open: [HOST_B], supersededBy: null },
    statuses: ['SYNCED', 'OFFLINE'],
  },
  {
    says: 'acknowledgements that come late and out of order count by their version',
    records: [record(HOST_A, 7), record(HOST_A, 5), record(HOST_B, 9), record(HOST_B, 6), record(HOST_B, 5)],
    expected: { confirmed: 2, open: [], supersededBy: null },
    statuses: ['SYNCED', 'SYNCED'],
  },
  {
    says: 'a refusal is no confirmation',
    records: [record(HOST_A, 5), record(HOST_B, 5, refused)],
    expected: { confirmed: 1, open: [] },
    statuses: ['SYNCED', 'FAILED'],
  },
  {
    says: 'a version refused once and applied later is confirmed',
    records: [record(HOST_A, 5), record(HOST_B, 5, refused), record(HOST_B, 5)],
    expected: { confirmed: 2, open: [] },
    statuses: ['SYNCED', 'SYNCED'],
  },
];

describe('what acknowledgements prove of a version', () => {
  for (const { says, records, expected, statuses } of rows) {
    it(says, () => {
      const standing = () => ({ status: 'OFFLINE', appliedVersion: null, reason: null, isFinal: false }) as const;
      const isExpected = (_agentId: AgentId, _version: number, hash: string) => hash === OURS;
      const proof = proveApplied(5, [HOST_A, HOST_B], records, isExpected, standing);
      expect(proof).to.deep.include(expected);
      expect(proof.agents.map(({ status }) => status)).to.deep.equal(statuses);
    });
  }

  it('says the highest version that each agent applied, whenever it was heard', () => {
    const records = [record(HOST_A, 9), record(HOST_A, 5), record(HOST_B, 5)];
    const standing = () => ({ status: 'OFFLINE', appliedVersion: null, reason: null, isFinal: false }) as const;
    const proof = proveApplied(5, [HOST_A, HOST_B], records, () => true, standing);
    expect(proof.agents.map(({ appliedVersion }) => appliedVersion)).to.deep.equal([9, 5]);
  });

  it('does not wait for an agent of whom nothing more will be taken', () => {
    const standing = () =>
      ({ status: 'FAILED', appliedVersion: 12, reason: 'EPOCH_REGRESSED', isFinal: true }) as const;
    const proof = proveApplied(5, [HOST_A, HOST_B], [record(HOST_A, 5)], () => true, standing);
    expect(proof).to.deep.include({ confirmed: 1, open: [] });
  });

  it('looks at each acknowledgement once, however many agents there are', () => {
    let looks = 0;
    const agents = Array.from({ length: 1_000 }, (_, index) => parseAgentId(`host-${index}`, 'agent'));
    const records = agents.map((agentId) => ({
      ...record(agentId, 5),
      get agentId() {
        looks += 1;
        return agentId;
      },
    }));
    const standing = () => ({ status: 'PENDING' as const, appliedVersion: null, reason: null, isFinal: false });
    expect(proveApplied(5, agents, records, () => true, standing).confirmed).to.equal(1_000);
    expect(looks).to.equal(1_000);
  });
});
