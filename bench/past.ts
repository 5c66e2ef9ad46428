import { Client } from 'pg';
import type { NewEvent } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { AgentCrowd } from '#test/support/agent-crowd.js';
import { ProtocolAgent } from '#test/support/protocol-agent.js';
import { ALIAS, makeNetwork, type ScaledNetwork } from '#test/support/scaled-networks.js';
import { waitFor } from '#test/support/wait.js';
import { replayRow } from './append/replay.js';
import { type BenchRow, median, quantile } from './report.js';
import { ScaledStore } from './scale/scaled-store.js';

const EVENTS = 1_000_000;
const AT_ONCE = 2_000;
const QUESTIONS = 1_000;
const WALKS = 3;
const STARTS = 3;
const START_SECONDS = 3;
const AGENTS = ['host-a', 'host-b'];
const CHECKPOINTS_WITHIN_MS = 600_000;
/** Versions between two checkpoints of a network as small as this one, and some to spare. */
const CHECKPOINTS_APART = 2_000;

/** The rule whose coming and going makes the past. */
const RULE = {
  ...{ ruleId: 'rule-1', effect: 'allow', from: `sandbox:${ProtocolAgent.sandboxOf('host-b')}` },
  ...{ to: ALIAS, port: 8_080, until: null },
};
const ADDED: NewEvent = { type: 'PolicyRuleAdded', schemaVersion: 2, data: RULE };
const REMOVED: NewEvent = { type: 'PolicyRuleRemoved', schemaVersion: 1, data: { ruleId: RULE.ruleId } };

/** When the events were written, in milliseconds since 1970. */
interface Filled {
  readonly beganAt: number;
  readonly endedAt: number;
}

/**
 * A network whose stream has a million events, each of a command of its own: how long the verdict of any moment takes
 * to explain over HTTP, and how long the whole log takes to verify and to replay.
 */
export default async function benchPast(): Promise<readonly BenchRow[]> {
  const store = await ScaledStore.start();
  const crowd = new AgentCrowd(1);
  const client = new Client({ connectionString: store.databaseUrl });
  try {
    await client.connect();
    await crowd.enrol(store.url, store.adminToken, AGENTS);
    await crowd.connect();
    const network = await makeNetwork(store, 'dev', AGENTS);
    const filled = await timed('filled', () => fillWithoutControlPlane(store, network));
    await timed('the control plane read the log', () => store.startControlPlane());
    await timed('checkpoints were made', () => checkpointsMade(client));
    return [
      await startRow(store, client),
      await explainRow(store, filled),
      await verifyRow(store),
      await replayed(store.databaseUrl, client),
    ];
  } finally {
    await client.end();
    await crowd.end();
    await store.stop();
  }
}

/** Agents need no version of the past, so nobody delivers any. */
async function fillWithoutControlPlane(store: ScaledStore, { name, id }: ScaledNetwork): Promise<Filled> {
  const { version } = await store.call('GET', `/v1/networks/${name}`);
  await store.stopControlPlane();
  const beganAt = Date.now();
  await fill(store.databaseUrl, `network-${id}`, Number(version));
  return { beganAt, endedAt: Date.now() };
}

async function fill(databaseUrl: string, streamId: string, from: number): Promise<void> {
  const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
  try {
    for (let version = from; version < EVENTS; version += AT_ONCE) {
      const part = Array.from({ length: AT_ONCE }, (_, index) => version + index);
      await Promise.all(
        part.map((expectedVersion) =>
          store.execute({
            ...{ commandId: `past-${expectedVersion}`, actor: 'user:ada', requestHash: 'past', correlationId: 'past' },
            ...{ causationId: null, streamId, expectedVersion, claims: [], releases: [], result: null },
            events: [(expectedVersion - from) % 2 === 0 ? ADDED : REMOVED],
          }),
        ),
      );
    }
  } finally {
    await store.close();
  }
}

async function checkpointsMade(client: Client): Promise<void> {
  await waitFor(
    'the last checkpoint',
    async () => {
      const { rows } = await client.query<{ last: number | null }>(
        'SELECT max(version)::int AS last FROM network_checkpoints',
      );
      return Number(rows[0]?.last) > EVENTS - CHECKPOINTS_APART;
    },
    CHECKPOINTS_WITHIN_MS,
  );
}

/** The start from the state of the log that the one before has kept. */
async function startRow(store: ScaledStore, client: Client): Promise<BenchRow> {
  await waitFor(
    'the state of the log is kept',
    async () => (await client.query('SELECT FROM log_states LIMIT 1')).rows.length > 0,
    CHECKPOINTS_WITHIN_MS,
  );
  const seconds: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    await store.stopControlPlane();
    const began = performance.now();
    await store.startControlPlane();
    seconds.push((performance.now() - began) / 1_000);
  }
  return {
    work: 'past: start of the control plane on that log, until it is ready',
    budget: `${START_SECONDS} s`,
    measured: `${seconds.map((each) => each.toFixed(1)).join(', ')} s`,
    peer: '-',
    met: Math.max(...seconds) < START_SECONDS,
  };
}

/** Random moments: every other one as a version, the others as a time. */
async function explainRow(store: ScaledStore, { beganAt, endedAt }: Filled): Promise<BenchRow> {
  const last = Number((await store.call('GET', '/v1/networks/dev')).version);
  const question = `from=${RULE.from}&alias=${RULE.to}&port=${RULE.port}`;
  const ms: number[] = [];
  for (let asked = 0; asked < QUESTIONS; asked += 1) {
    const share = Math.random();
    const version = Math.ceil(share * last);
    const time = new Date(beganAt + share * (endedAt - beganAt)).toISOString();
    const began = performance.now();
    await store.call('GET', `/v1/networks/dev/explanation?${question}&at=${asked % 2 === 0 ? version : time}`);
    ms.push(performance.now() - began);
  }
  const p99 = quantile(ms, 0.99);
  return {
    work: `past: explain at any moment of ${last.toLocaleString('en')} events`,
    budget: 'p99 1 s',
    measured: `p50 ${median(ms).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    peer: '-',
    met: p99 < 1_000,
  };
}

async function verifyRow(store: ScaledStore): Promise<BenchRow> {
  const ms: number[] = [];
  for (let walk = 0; walk < WALKS; walk += 1) {
    const began = performance.now();
    const { intact, broken } = await store.call('GET', '/v1/audit/verification');
    ms.push(performance.now() - began);
    if (intact !== true) throw new Error(`the log of the bench is broken: ${JSON.stringify(broken)}`);
  }
  return {
    work: 'past: audit verify of that log',
    budget: '10 s',
    measured: `${ms.map((each) => (each / 1_000).toFixed(1)).join(', ')} s`,
    peer: '-',
    met: Math.max(...ms) < 10_000,
  };
}

async function replayed(databaseUrl: string, client: Client): Promise<BenchRow> {
  const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
  try {
    return await replayRow(store, client, WALKS);
  } finally {
    await store.close();
  }
}

async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  const result = await work();
  process.stderr.write(`past: ${what} within ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);
  return result;
}
