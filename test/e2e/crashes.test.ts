import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { parseAgentId } from '#libs/contracts/ids.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { compile } from '#libs/policy/compile.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { foldNetwork } from '#test/support/fold-network.js';
import { databaseUrl, networkIdOf, withRecord } from '#test/support/record.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const VICTIMS = ['control-plane', 'nats', 'postgres', 'agent-host-a', 'agent-host-b'] as const;
const COMMANDS_BETWEEN_CRASHES = 8;

interface AppliedRow {
  readonly agent_id: string;
  readonly to_version: number;
  readonly hash: string;
}

describe('crashes under a loop of commands', function () {
  this.timeout(240_000);
  let stack: RunningStack;
  /** Idempotency keys of every command that was answered. */
  const acknowledged: string[] = [];
  let isOver = false;

  before(async function () {
    this.timeout(150_000);
    stack = await startStack({ sandboxes: 'static' });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
  });

  after(async () => {
    isOver = true;
    await stack?.remove();
  });

  /** Asks until there is an answer, as a careful client does: always with the same key. */
  async function command(path: string, body: unknown): Promise<void> {
    const key = randomUUID();
    await waitFor(
      `an answer to ${path}`,
      async () => {
        const response = await fetch(`${stack.url}/v1/networks/dev/${path}`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${stack.token}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(5_000),
        }).catch(() => null);
        if (response === null || response.status >= 500 || response.status === 429) return false;
        expect(response.status, await response.text()).to.be.oneOf([200, 201]);
        return true;
      },
      60_000,
    );
    acknowledged.push(key);
  }

  async function commands(): Promise<void> {
    for (let n = 1; !isOver; n += 1) {
      await command('aliases', { sandboxId: 'sbx-api', alias: `a${n}`, ports: ['8080'] });
      await command('rules', { effect: n % 2 === 0 ? 'deny' : 'allow', from: 'web', to: `a${n}`, port: 8_080 });
    }
  }

  it('lose nothing, double nothing, and leave every agent with what the log says', async () => {
    const loop = commands();
    for (const victim of VICTIMS) {
      const sofar = acknowledged.length;
      await waitFor('commands go through', () => acknowledged.length >= sofar + COMMANDS_BETWEEN_CRASHES, 60_000);
      const killed = stack.pid(victim);
      process.kill(killed, 'SIGKILL');
      await waitFor(`${victim} runs again`, () => pidOf(stack, victim) !== killed, 30_000);
    }
    const sofar = acknowledged.length;
    await waitFor(
      'commands go through after the last crash',
      () => acknowledged.length >= sofar + COMMANDS_BETWEEN_CRASHES,
      60_000,
    );
    isOver = true;
    await loop;

    const written = await withRecord(stack, (client) =>
      client.query<{ command_id: string; count: number }>(
        'SELECT command_id, count(*)::int AS count FROM events WHERE command_id = ANY($1) GROUP BY command_id',
        [acknowledged],
      ),
    );
    expect(written.rows.length, 'every acknowledged command is in the log').to.equal(acknowledged.length);
    expect(
      written.rows.filter(({ count }) => count !== 1),
      'and once',
    ).to.deep.equal([]);

    const store = createEventStore({ databaseUrl: databaseUrl(stack), onConnectionError: () => {} });
    try {
      expect((await verifyLog(databaseUrl(stack))).kind).to.equal('intact');
      const topology = await foldNetwork(store, await networkIdOf(stack, 'dev'));
      for (const agent of ['host-a', 'host-b']) {
        const snapshot = compile(topology, parseAgentId(agent, 'agent'));
        const expected = { to_version: topology.version, hash: snapshotHash(snapshot) };
        const applied = await waitFor(
          `${agent} applied version ${topology.version}`,
          async () => {
            const last = await lastApplied(stack, agent, topology.networkId);
            return last !== undefined && last.to_version >= topology.version && last;
          },
          30_000,
        );
        expect({ to_version: applied.to_version, hash: applied.hash }, agent).to.deep.equal(expected);
      }
    } finally {
      await store.close();
    }
  });
});

function pidOf(stack: RunningStack, name: string): number | undefined {
  try {
    return stack.pid(name);
  } catch {
    // Between the end of one process and the start of the next there is no pid file.
    return undefined;
  }
}

async function lastApplied(stack: RunningStack, agentId: string, networkId: string): Promise<AppliedRow | undefined> {
  const { rows } = await withRecord(stack, (client) =>
    client.query<AppliedRow>(
      'SELECT agent_id, to_version, hash FROM applied_log WHERE agent_id = $1 AND network_id = $2 ORDER BY to_version DESC LIMIT 1',
      [agentId, networkId],
    ),
  );
  return rows[0];
}
