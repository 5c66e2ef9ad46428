import { expect } from 'chai';
import { voidKeys } from '#apps/control-plane/identity/void-keys.js';
import { type AgentRecord, nextAgentRecord } from '#apps/control-plane/record/agent-record.js';
import { type LocalNodeRecord, nextLocalNodeRecord } from '#apps/control-plane/record/local-node-record.js';
import { parseAgentId, parseLocalNodeId, parseNetworkId, parseUserName } from '#libs/contracts/ids.js';
import type { AgentEvent } from '#libs/domain/agent/events.js';
import { storedEvent as stored } from '#libs/domain/aggregates.js';
import type { LocalNodeEvent } from '#libs/domain/local-node/events.js';
import { storedEvent } from '#test/support/stored-event.js';

const START = Date.parse('2026-03-01T12:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1_000);
const seconds = (after: number) => START / 1_000 + after;
const FOR_EVER = Date.UTC(9999, 11, 31) / 1_000;

type Moment<Event> = readonly [seconds: number, event: Event];

const enrolled = (nkey: string): AgentEvent => ({
  type: 'AgentEnrolled',
  data: { agentId: parseAgentId('host-a', 'agent'), nkey, meshKeyThumbprint: 'm' },
});
const revoked: AgentEvent = { type: 'AgentRevoked', data: { reason: 'gone' } };
const joined = (nkey: string, expiresAfter: number): LocalNodeEvent => ({
  type: 'LocalNodeJoined',
  data: {
    nodeId: parseLocalNodeId('laptop', 'node'),
    user: parseUserName('ada', 'user'),
    networkId: parseNetworkId('0a', 'network'),
    ...{ machine: 'laptop', nkey, meshKeyThumbprint: 'm', tokenId: 't', expiresAt: at(expiresAfter).toISOString() },
  },
});
const left: LocalNodeEvent = { type: 'LocalNodeLeft', data: {} };

function agent(...events: readonly Moment<AgentEvent>[]): AgentRecord {
  const record = events.reduce<AgentRecord | null>(
    (before, [after, event]) =>
      nextAgentRecord(before, storedEvent({ ...stored(event), recordedAt: at(after).toISOString() })),
    null,
  );
  if (record === null) throw new Error('an agent has events');
  return record;
}

function node(...events: readonly Moment<LocalNodeEvent>[]): LocalNodeRecord {
  const record = events.reduce<LocalNodeRecord | null>(
    (before, [after, event]) =>
      nextLocalNodeRecord(before, storedEvent({ ...stored(event), recordedAt: at(after).toISOString() })),
    null,
  );
  if (record === null) throw new Error('a local node has events');
  return record;
}

describe('what the bus must not take', () => {
  const rows: readonly (readonly [
    string,
    readonly AgentRecord[],
    readonly LocalNodeRecord[],
    Readonly<Record<string, number>>,
  ])[] = [
    ['nothing of those who are in', [agent([0, enrolled('UA')])], [node([0, joined('UB', 900)])], {}],
    ['the key of a revoked agent', [agent([0, enrolled('UA')], [10, revoked])], [], { UA: FOR_EVER }],
    ['the key of a local node that ended', [], [node([0, joined('UB', 900)], [10, left])], { UB: FOR_EVER }],
    ['no key of a local node whose credentials are over', [], [node([0, joined('UB', 50)], [10, left])], {}],
    [
      'no key of a local node that came back',
      [],
      [node([0, joined('UB', 900)], [10, left], [20, joined('UB', 900)])],
      {},
    ],
    [
      'the old key of an agent that came back with another',
      [agent([0, enrolled('UA')], [10, revoked], [20, enrolled('UB')])],
      [],
      { UA: FOR_EVER },
    ],
    [
      'what was issued before, of an agent that an earlier release enrolled again with its key',
      [agent([0, enrolled('UA')], [10, revoked], [20, enrolled('UA')])],
      [],
      { UA: seconds(10) },
    ],
    [
      'the key of a revoked agent that a local node had before',
      [agent([20, enrolled('UA')], [30, revoked])],
      [node([0, joined('UA', 900)], [10, left])],
      { UA: FOR_EVER },
    ],
    [
      'the key of a revoked agent that a local node had later',
      [agent([0, enrolled('UA')], [10, revoked])],
      [node([20, joined('UA', 900)], [30, left])],
      { UA: FOR_EVER },
    ],
    [
      'no key that an agent has, although a local node ended with it',
      [agent([0, enrolled('UA')])],
      [node([0, joined('UA', 900)], [10, left])],
      {},
    ],
    [
      'of two agents with one key, of which one is in, what was issued before the later end',
      [
        agent([0, enrolled('UA')], [30, revoked]),
        agent([0, enrolled('UA')], [10, revoked]),
        agent([0, enrolled('UA')]),
      ],
      [],
      { UA: seconds(30) },
    ],
    [
      'of two local nodes with one key, of which one is in, what was issued before the end',
      [],
      [node([0, joined('UB', 900)]), node([0, joined('UB', 900)], [10, left])],
      { UB: seconds(10) },
    ],
  ];
  for (const [what, agents, localNodes, expected] of rows) {
    it(`is ${what}`, () => {
      expect(voidKeys(agents, localNodes, at(60))).to.deep.equal(expected);
    });
  }
});
