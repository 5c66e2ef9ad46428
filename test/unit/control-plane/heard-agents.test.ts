import { expect } from 'chai';
import { HeardAgents } from '#apps/control-plane/applied/heard-agents.js';
import { type AgentId, parseAgentId, parseNetworkId } from '#libs/contracts/ids.js';

const HOST_A = parseAgentId('host-a', 'agent');
const HOST_B = parseAgentId('host-b', 'agent');
const NETWORK = parseNetworkId('abc', 'network');

type Arrival = readonly [agentId: AgentId, version: number];

interface Row {
  readonly says: string;
  readonly arrivals: readonly Arrival[];
  /** Of which nothing more counts. */
  readonly final?: AgentId;
  readonly ends: boolean;
}

/** Both agents are waited for, with version 5. */
const rows: readonly Row[] = [
  { says: 'goes on while nobody was heard', arrivals: [], ends: false },
  { says: 'goes on after one of two', arrivals: [[HOST_A, 5]], ends: false },
  { says: 'goes on after one of two was heard twice', arrivals: twice(HOST_A), ends: false },
  { says: 'goes on after an earlier version', arrivals: [...twice(HOST_A), [HOST_B, 4]], ends: false },
  { says: 'ends after both', arrivals: [...twice(HOST_B), [HOST_A, 5]], ends: true },
  { says: 'ends after a later version', arrivals: [...twice(HOST_B), [HOST_A, 7]], ends: true },
  { says: 'does not wait for one that is final', arrivals: twice(HOST_A), final: HOST_B, ends: true },
];

function twice(agentId: AgentId): readonly Arrival[] {
  return [
    [agentId, 5],
    [agentId, 5],
  ];
}

describe('a wait for acknowledgements', () => {
  for (const { says, arrivals, final, ends } of rows) {
    it(says, async () => {
      let tell: (agentId: AgentId, version: number) => void = () => {};
      const heard = new HeardAgents(
        {
          follow: (_, listener) => {
            tell = listener;
            return () => {};
          },
        },
        NETWORK,
        5,
      );
      let ended = false;
      const deadline = new AbortController();
      const wait = heard
        .all([HOST_A, HOST_B], (agentId) => agentId === final, deadline.signal)
        .then(() => {
          ended = !deadline.signal.aborted;
        });
      for (const [agentId, version] of arrivals) tell(agentId, version);
      await new Promise((resolve) => setImmediate(resolve));
      deadline.abort();
      await wait;
      expect(ended).to.equal(ends);
    });
  }
});
