import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { BusCredentials } from '#libs/bus/bus.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import {
  agentInboxPrefix,
  agentSubject,
  localNodeInboxPrefix,
  localNodeSubject,
} from '#libs/contracts/bus/subjects.js';
import { floodBus } from '#test/support/bus-flood.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';
import { SimulatedLocalNode } from './simulated-local-node.js';

const LONGEST_FLOOD_SECONDS = 5;
/** A third of the time after which a silent agent is OFFLINE. */
const HEARTBEAT_WITHIN_MS = 5_000;
const REQUEST_MEDIAN_MS = 250;
/** As many as one agent may have. */
const SANDBOXES = 2_000;

type Kind = 'hello' | 'heartbeat' | 'sync' | 'applied';

const claim = (epoch: number) => ({
  networkId: 'NETWORK',
  epoch: { counter: epoch, id: 'x' },
  hash: '0'.repeat(64),
  signature: 'A'.repeat(86),
});
const claims = (count: number, epoch: number) => Array.from({ length: count }, () => ({ ...claim(epoch), version: 3 }));
const hello = (networks: readonly object[]) => ({
  ...{ protocol: BUS_PROTOCOL, bootId: 'boot-1', softwareVersion: '0.1.0', driver: 'static', networks },
  mesh: { transport: 'none', state: 'failed', code: null, message: null, endpoints: [] },
});
const applied = (epoch: number) => ({
  ...{ protocol: BUS_PROTOCOL, ...claim(epoch), from: null, to: 3, outcome: 'applied', code: null, message: null },
  ...{ aliasFailures: [], flowsCut: [], appliedAt: '2026-01-01T00:00:00Z' },
});

/** `NETWORK` is replaced by another id in each message. Epoch 0 has ended in every store, epoch 9 has not begun. */
const FLOODS: readonly { readonly what: string; readonly kind: Kind; readonly message: object }[] = [
  { what: 'heartbeats', kind: 'heartbeat', message: { ...hello([]), acknowledgements: [] } },
  {
    what: 'heartbeats with 300 acknowledgements',
    kind: 'heartbeat',
    message: { ...hello([]), acknowledgements: Array.from({ length: 300 }, () => applied(0)) },
  },
  { what: 'hellos with 600 networks of an ended epoch', kind: 'hello', message: hello(claims(600, 0)) },
  { what: 'hellos with 600 networks of an epoch to come', kind: 'hello', message: hello(claims(600, 9)) },
  { what: 'acknowledgements of an ended epoch', kind: 'applied', message: applied(0) },
  { what: 'acknowledgements of an epoch to come', kind: 'applied', message: applied(9) },
  {
    what: 'sync requests',
    kind: 'sync',
    message: { protocol: BUS_PROTOCOL, networkId: 'NETWORK', have: null },
  },
  { what: 'messages of no protocol', kind: 'applied', message: ['NETWORK'] },
];

interface Member {
  /** As named in the control plane's metrics and log. */
  readonly name: string;
  readonly credentials: BusCredentials;
  readonly inboxPrefix: string;
  readonly subject: (kind: Kind) => string;
  readonly close: () => Promise<void>;
}

describe('a member that floods the bus', () => {
  let controlPlane: TestControlPlane;
  let neighbour: SimulatedAgent;

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
    neighbour = await controlPlane.agent('host-a', ['sbx-web']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
  });

  after(() => controlPlane.end());

  const members: { readonly [who: string]: (number: number) => Promise<Member> } = {
    agent: async (number) => {
      const agent = await controlPlane.agent(`hostile-${number}`, [`sbx-${number}`]);
      return {
        name: `agent ${agent.agentId}`,
        credentials: agent.busCredentials,
        inboxPrefix: agentInboxPrefix(agent.agentId),
        subject: (kind) => agentSubject(agent.agentId, kind),
        close: () => agent.close(),
      };
    },
    'local node': async (number) => {
      const node = await SimulatedLocalNode.join(controlPlane, 'dev', `mallory-${number}`);
      return {
        name: `local node ${node.nodeId}`,
        credentials: node.credentials,
        inboxPrefix: localNodeInboxPrefix(node.nodeId),
        subject: (kind) => localNodeSubject(node.nodeId, kind),
        close: () => node.close(),
      };
    },
  };

  for (const [who, join] of Object.entries(members)) {
    for (const [number, { what, kind, message }] of FLOODS.entries()) {
      // Both use the same entry: for a local node one message of each kind is enough.
      if (who === 'local node' && FLOODS.findIndex((flood) => flood.kind === kind) < number) continue;
      it(`${who}: of ${what} nothing stays, nobody waits, and the bus cuts it off`, async () => {
        const { name, subject, close, ...member } = await join(number);
        const before = await traces(controlPlane);
        const ended = new AbortController();
        const watched = Promise.all([
          timesOf(ended.signal, 250, () => neighbour.contact('heartbeat')),
          timesOf(ended.signal, 10, () => controlPlane.call('GET', '/v1/networks')),
        ]);
        const { wasCut } = await floodBus({
          ...{ url: controlPlane.nats.url, ...member, subject: subject(kind), message: JSON.stringify(message) },
          seconds: LONGEST_FLOOD_SECONDS,
        });
        // The control plane has processed the rest of the flood.
        await neighbour.contact('heartbeat');
        ended.abort();
        const [heartbeats, requests] = await watched;
        await close();
        expect(wasCut, 'the bus cut it off').to.equal(true);
        expect(Math.max(...heartbeats), 'slowest heartbeat of the neighbour').to.be.below(HEARTBEAT_WITHIN_MS);
        expect(median(requests), 'median request').to.be.below(REQUEST_MEDIAN_MS);
        const after = await traces(controlPlane);
        expect(after.appliedRows, 'rows').to.equal(before.appliedRows);
        expect(after.heapBytes - before.heapBytes, 'heap').to.be.below(25_000_000);
        const lines = controlPlane.log.slice(before.logLines);
        expect(lines.length, lines.slice(0, 20).join('')).to.be.below(30);
        expect(lines.filter((line) => line.includes('"state":"disconnected"'))).to.have.length.below(2);
        expect(lines.filter((line) => line.includes('MEMBER_SUSPENDED') && line.includes(name))).to.have.length(1);
        expect(await droppedOf(controlPlane, name, kind)).to.be.above(20);
      }).timeout(20_000);
    }
  }

  it('is written no more of what it reported of its sandboxes than is written when it begins', async () => {
    const agent = await controlPlane.agent('hostile-reporter');
    const reported = agent.report(Array.from({ length: SANDBOXES }, (_, n) => `sbx-reported-${n}`));
    const registered = async () => {
      const [row] = await query(
        controlPlane.databaseUrl,
        "SELECT count(*)::int AS count FROM events WHERE type = 'SandboxRegistered' AND stream_id LIKE '%sbx-reported-%'",
      );
      return Number(row?.count);
    };
    await waitFor('the first are written', async () => (await registered()) > 0);
    await floodBus({
      ...{
        url: controlPlane.nats.url,
        credentials: agent.busCredentials,
        inboxPrefix: agentInboxPrefix(agent.agentId),
      },
      subject: agentSubject(agent.agentId, 'heartbeat'),
      message: JSON.stringify({ ...hello([]), acknowledgements: [] }),
      seconds: LONGEST_FLOOD_SECONDS,
    });
    await waitFor('the rest is left', () =>
      controlPlane.log.some((line) => line.includes('the rest of an inventory is dropped')),
    );
    expect(await registered()).to.be.below(SANDBOXES);
    await agent.close();
    await reported.catch(() => undefined);
  }).timeout(20_000);

  it('logs how much was dropped, a line for each member and kind of message', async () => {
    await controlPlane.stop();
    const summaries = controlPlane.log.filter((line) => line.includes('MEMBER_OVER_BOUNDS'));
    const named = summaries.map((line) => JSON.parse(line)).map(({ member, kind }) => `${member} ${kind}`);
    expect(named).to.include.members(FLOODS.map(({ kind }, number) => `agent hostile-${number} ${kind}`));
    expect(new Set(named).size).to.equal(named.length);
    await controlPlane.startAgain();
  });
});

/** The duration of each call, in milliseconds, until the signal is aborted. */
async function timesOf(signal: AbortSignal, everyMs: number, call: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    const began = performance.now();
    await call();
    times.push(performance.now() - began);
    await pause(everyMs);
  }
  return times;
}

const median = (values: readonly number[]) => [...values].sort((one, other) => one - other)[values.length >> 1];

async function traces({ databaseUrl, log }: TestControlPlane) {
  const [row] = await query(databaseUrl, 'SELECT count(*)::int AS rows FROM applied_log');
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  collectGarbage();
  return { appliedRows: row?.rows, logLines: log.length, heapBytes: process.memoryUsage().heapUsed };
}

async function droppedOf({ url }: TestControlPlane, member: string, kind: string): Promise<number> {
  const { text } = await callApi(url, 'GET', '/metrics');
  const series = `gs_member_over_bounds_total{member="${member}",kind="${kind}"}`;
  const line = text.split('\n').find((one) => one.startsWith(series));
  return Number(line?.split(' ').at(-1) ?? 0);
}
