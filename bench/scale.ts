import { AgentCrowd } from '#test/support/agent-crowd.js';
import { ALIAS, applied, makeNetwork, type ScaledNetwork } from '#test/support/scaled-networks.js';
import { cpuSeconds, residentMegabytes } from '#test/support/usage.js';
import { waitFor } from '#test/support/wait.js';
import { type BenchRow, median, quantile } from './report.js';
import { BareBus, type ExchangeBytes } from './scale/bare-bus.js';
import { ramp } from './scale/ramp.js';
import { ScaledStore } from './scale/scaled-store.js';

/** Without the option. */
const AGENTS = 1_000;
const SMALL = 10;
/** So many agents for each network. */
const AGENTS_A_NETWORK = 10;
const PROCESSES = 3;
const ROUNDS = 6;
/** p99 of so many is the largest. */
const SMALL_ROUNDS = 60;
const ALL_AGAIN_WITHIN_MS = 60_000;

/** What a part of the run used: CPU seconds of each, and the time. */
interface Spent {
  readonly ms: number;
  readonly controlPlane: number;
  readonly nats: number;
  readonly agents: number;
}

/** What the command line sets. */
interface ScaleOptions {
  /** How many there are; the budgets are those of 1,000. */
  readonly agents?: number;
  /** Up to as many, in networks of ten alone. */
  readonly ramp?: boolean;
}

/**
 * Agents with credentials of their own in three processes, on one control plane and nats-server: one network with the
 * sandboxes of all, and a tenth as many with those of ten. How long a command takes until all of a network have applied
 * it, and restarts until all have; beside connections of a bare nats-server that move the same bytes.
 */
export default async function benchScale({
  agents = AGENTS,
  ramp: isRamp = false,
}: ScaleOptions): Promise<readonly BenchRow[]> {
  if (isRamp) return ramp(agents);
  const names = Array.from({ length: agents }, (_, index) => `host-${String(index).padStart(5, '0')}`);
  const store = await ScaledStore.start();
  const crowd = new AgentCrowd(PROCESSES);
  try {
    say('agents enrol');
    await crowd.enrol(store.url, store.adminToken, names);
    say('networks are made');
    await crowd.connect();
    const all = await makeNetwork(store, 'all', names);
    const small: ScaledNetwork[] = [];
    for (let network = 1; network < agents / AGENTS_A_NETWORK; network += 1) {
      const first = (network * SMALL) % agents;
      small.push(await makeNetwork(store, `small-${network}`, names.slice(first, first + SMALL)));
    }
    say('measured');
    return await measure(store, crowd, all, small);
  } finally {
    await crowd.end();
    await store.stop();
  }
}

async function measure(
  store: ScaledStore,
  crowd: AgentCrowd,
  all: ScaledNetwork,
  small: readonly ScaledNetwork[],
): Promise<readonly BenchRow[]> {
  const agentCount = all.agents.length;
  const spend = (work: () => Promise<unknown>) => spent(store, crowd, work);
  for (const network of [all, ...small.slice(0, SMALL)]) await change(store, network);
  const ofAll: number[] = [];
  const large = await spend(async () => {
    for (let round = 0; round < ROUNDS; round += 1) ofAll.push(await change(store, all));
  });
  const ofTen: number[] = [];
  for (let round = 0; round < SMALL_ROUNDS; round += 1) {
    const network = small[round % small.length];
    if (network !== undefined) ofTen.push(await change(store, network));
  }
  say(`commands took ${median(ofAll).toFixed(0)} ms and ${median(ofTen).toFixed(1)} ms; restart of the control plane`);
  const bytes = await exchangeBytes(crowd);
  const idle = await spend(() => new Promise((resolve) => setTimeout(resolve, 4_000)));
  const controlPlane = await spend(async () => {
    await store.stopControlPlane();
    await store.startControlPlane();
    await allSynced(store, all);
  });
  say(`it took ${controlPlane.ms.toFixed(0)} ms; restart of the bus`);
  let written = '';
  const bus = await spend(async () => {
    await store.nats.kill();
    await store.nats.start();
    written = await addRule(store, all);
  });
  await removeRule(store, all, written);
  say(`it took ${bus.ms.toFixed(0)} ms; restart of the agents`);
  await crowd.disconnect();
  await crowd.forget();
  const restarted = await spend(async () => {
    await crowd.connect();
    await holdAgain(crowd, all, small);
  });
  const megabytes = {
    controlPlane: residentMegabytes(store.controlPlanePid),
    nats: residentMegabytes(store.nats.pid()),
    agents: crowd.residentMegabytes(),
  };
  await crowd.disconnect();
  say(`it took ${restarted.ms.toFixed(0)} ms; the bare bus`);
  const bare = await bareFigures(agentCount, bytes);
  return [
    {
      work: `scale: command to applied by ${agentCount} agents, p50`,
      budget: '1.25x of bare NATS',
      measured: `${median(ofAll).toFixed(0)} ms, ${ratio(median(ofAll), bare.all)}`,
      peer: `${bare.all.toFixed(0)} ms`,
      met: median(ofAll) <= 1.25 * bare.all,
    },
    {
      work: `scale: command to applied by ${SMALL} agents, p50`,
      budget: '3x of bare NATS',
      measured: `${median(ofTen).toFixed(1)} ms, ${ratio(median(ofTen), bare.ten)}`,
      peer: `${bare.ten.toFixed(1)} ms`,
      met: median(ofTen) <= 3 * bare.ten,
    },
    {
      work: `scale: command to applied by ${SMALL} agents, p99`,
      budget: '10 ms',
      measured: `${quantile(ofTen, 0.99).toFixed(1)} ms`,
      peer: '-',
      met: quantile(ofTen, 0.99) <= 10,
    },
    {
      work: `scale: ${agentCount} empty agents, from start to applied`,
      budget: '2x of connects and gets',
      measured: `${restarted.ms.toFixed(0)} ms, ${ratio(restarted.ms, bare.restart)}`,
      peer: `${bare.restart.toFixed(0)} ms`,
      met: restarted.ms <= 2 * bare.restart,
    },
    noBudget('restart of the control plane until all have applied', controlPlane),
    noBudget('restart of NATS until all have applied a command', bus),
    noBudget(`${agentCount} idle agents, heartbeats alone`, idle),
    noBudget(`${ROUNDS * 2} commands to all`, large),
    {
      work: 'scale: bytes of one change at one agent, and of what an empty agent gets',
      budget: '-',
      measured: `${bytes.topology + bytes.reply + bytes.applied + bytes.receipt}, ${sum(bytes.whole)}`,
      peer: '-',
    },
    {
      work: 'scale: resident memory of the control plane, of NATS, and of all agents',
      budget: '-',
      measured: `${megabytes.controlPlane.toFixed(0)} MB, ${megabytes.nats.toFixed(0)} MB, ${megabytes.agents.toFixed(0)} MB`,
      peer: '-',
    },
  ];
}

/** A rule is added and removed; milliseconds of the first from the command until every agent has acknowledged it. */
async function change(store: ScaledStore, network: ScaledNetwork): Promise<number> {
  const began = performance.now();
  const rule = await addRule(store, network);
  const ms = performance.now() - began;
  await removeRule(store, network, rule);
  return ms;
}

/** Resolves with the rule's id once every agent has acknowledged it. */
async function addRule(store: ScaledStore, { name }: ScaledNetwork): Promise<string> {
  const rule = { effect: 'deny', from: 'local', to: ALIAS, port: 8_080 };
  const { version, result } = await store.call('POST', `/v1/networks/${name}/rules`, rule);
  await applied(store, name, Number(version));
  return (result as { readonly id: string }).id;
}

async function removeRule(store: ScaledStore, { name }: ScaledNetwork, id: string): Promise<void> {
  const { version } = await store.call('DELETE', `/v1/networks/${name}/rules/${id}`);
  await applied(store, name, Number(version));
}

/** Asks for the network alone: a list of all agents takes a tenth of a second of the control plane each time. */
async function allSynced(store: ScaledStore, { name }: ScaledNetwork): Promise<void> {
  const isSynced = async () => (await store.call('GET', `/v1/networks/${name}`)).status === 'SYNCED';
  await waitFor('every agent is SYNCED', isSynced, ALL_AGAIN_WITHIN_MS);
}

async function holdAgain(crowd: AgentCrowd, all: ScaledNetwork, small: readonly ScaledNetwork[]): Promise<void> {
  const networks = sum([all, ...small].map(({ agents }) => agents.length));
  await waitFor(
    'every agent has had its networks acknowledged',
    async () => sum((await crowd.states()).map(({ answered }) => answered)) >= networks,
    ALL_AGAIN_WITHIN_MS,
  );
}

async function bareFigures(agents: number, bytes: ExchangeBytes) {
  const bus = await BareBus.start(agents, PROCESSES, bytes);
  try {
    await bus.change(agents);
    const all: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) all.push(await bus.change(agents));
    const ten: number[] = [];
    for (let round = 0; round < SMALL_ROUNDS; round += 1) ten.push(await bus.change(SMALL));
    return { all: median(all), ten: median(ten), restart: await bus.restart() };
  } finally {
    await bus.end();
  }
}

async function exchangeBytes(crowd: AgentCrowd): Promise<ExchangeBytes> {
  const [state] = await crowd.states();
  if (state === undefined) throw new Error('no agent has taken a change');
  const { topology, reply, applied: acknowledgement, receipt, whole } = state.exchange;
  const length = (text: string): number => Buffer.byteLength(text);
  return {
    topology: length(topology),
    reply: length(reply),
    applied: length(acknowledgement),
    receipt: length(receipt),
    whole,
  };
}

async function spent(store: ScaledStore, crowd: AgentCrowd, work: () => Promise<unknown>): Promise<Spent> {
  // A process that ends meanwhile takes its count along, and the next one begins at none.
  const now = () => {
    return { controlPlane: store.controlPlanePid, nats: store.nats.pid() };
  };
  const before = now();
  const used = (pid: number): number => cpuSeconds(pid);
  const at = { controlPlane: used(before.controlPlane), nats: used(before.nats), agents: crowd.cpuSeconds() };
  const began = performance.now();
  await work();
  const ms = performance.now() - began;
  const after = now();
  return {
    ms,
    controlPlane: used(after.controlPlane) - (after.controlPlane === before.controlPlane ? at.controlPlane : 0),
    nats: used(after.nats) - (after.nats === before.nats ? at.nats : 0),
    agents: crowd.cpuSeconds() - at.agents,
  };
}

function noBudget(work: string, { ms, controlPlane, nats, agents }: Spent): BenchRow {
  const cpu = `CPU: control plane ${controlPlane.toFixed(1)} s, nats ${nats.toFixed(1)} s, agents ${agents.toFixed(1)} s`;
  return { work: `scale: ${work}`, budget: '-', measured: `${(ms / 1_000).toFixed(1)} s (${cpu})`, peer: '-' };
}

function say(what: string): void {
  process.stderr.write(`scale: ${what}, ${process.uptime().toFixed(0)} s\n`);
}

function ratio(ours: number, peers: number): string {
  return `${(ours / peers).toFixed(2)}x`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
