import { expect } from 'chai';
import { parseAgentId } from '#libs/contracts/ids.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { compile } from '#libs/policy/compile.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import type { Acknowledged } from './careful-client.js';
import { foldNetwork } from './fold-network.js';
import { databaseUrl, networkIdOf, withRecord } from './record.js';
import type { RunningStack } from './stack.js';
import { waitFor } from './wait.js';

const APPLIED_WITHIN_MS = 30_000;

interface AppliedRow {
  readonly to_version: number;
  readonly hash: string;
}

/** Each of these writes, which makes one event, is in the log exactly once; the chain is intact. */
export async function requireWritten(stack: RunningStack, acknowledged: readonly Acknowledged[]): Promise<void> {
  const keys = acknowledged.map(({ key }) => key);
  const { rows } = await withRecord(stack, (client) =>
    client.query<{ command_id: string; count: number }>(
      'SELECT command_id, count(*)::int AS count FROM events WHERE command_id = ANY($1) GROUP BY command_id',
      [keys],
    ),
  );
  const written = new Set(rows.map(({ command_id }) => command_id));
  expect(
    keys.filter((key) => !written.has(key)),
    'acknowledged, and not in the log',
  ).to.deep.equal([]);
  expect(
    rows.filter(({ count }) => count !== 1),
    'written more than once',
  ).to.deep.equal([]);
  expect((await verifyLog(databaseUrl(stack))).kind).to.equal('intact');
}

/** Each agent has acknowledged the network as it is in the log, by version and hash. */
export async function requireApplied(stack: RunningStack, network: string): Promise<void> {
  const store = createEventStore({ databaseUrl: databaseUrl(stack), onConnectionError: () => {} });
  try {
    const topology = await foldNetwork(store, await networkIdOf(stack, network));
    for (const agent of ['host-a', 'host-b']) {
      const expected = {
        to_version: topology.version,
        hash: snapshotHash(compile(topology, parseAgentId(agent, 'agent'))),
      };
      const { to_version, hash } = await waitFor(
        `${agent} applied version ${topology.version}`,
        async () => {
          const last = await lastApplied(stack, agent, topology.networkId);
          return last !== undefined && last.to_version >= topology.version && last;
        },
        APPLIED_WITHIN_MS,
      );
      expect({ to_version, hash }, agent).to.deep.equal(expected);
    }
  } finally {
    await store.close();
  }
}

async function lastApplied(stack: RunningStack, agentId: string, networkId: string): Promise<AppliedRow | undefined> {
  const { rows } = await withRecord(stack, (client) =>
    client.query<AppliedRow>(
      'SELECT to_version, hash FROM applied_log WHERE agent_id = $1 AND network_id = $2 ORDER BY to_version DESC LIMIT 1',
      [agentId, networkId],
    ),
  );
  return rows[0];
}
