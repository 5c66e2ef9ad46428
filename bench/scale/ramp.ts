import { readdirSync } from 'node:fs';
import { freemem } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { AgentCrowd } from '#test/support/agent-crowd.js';
import { ALIAS, applied, makeNetwork, type ScaledNetwork } from '#test/support/scaled-networks.js';
import { cpuSeconds, residentMegabytes } from '#test/support/usage.js';
import { type BenchRow, median, quantile } from '../report.js';
import { ScaledStore } from './scaled-store.js';

const STEP = 1_000;
/** Agents of one network. */
const TOGETHER = 10;
const PROCESSES = 3;
const COMMANDS = 20;
const IDLE_SECONDS = 4;
/** Others need memory too. */
const LEAST_FREE_BYTES = 3 * 1_024 ** 3;

/** With so many agents. */
interface Reached {
  readonly agents: number;
  readonly figures: string;
}

/**
 * A thousand agents more at a time, each with a sandbox in a network of ten: what they use without commands, how long a
 * command to ten takes, and what ends it.
 */
export async function ramp(most: number): Promise<readonly BenchRow[]> {
  const store = await ScaledStore.start();
  const crowd = new AgentCrowd(PROCESSES);
  const database = new Client({ connectionString: store.databaseUrl });
  const reached: Reached[] = [];
  let ended = `${most.toLocaleString('en')} agents`;
  try {
    await database.connect();
    const networks: ScaledNetwork[] = [];
    for (let agents = STEP; agents <= most; agents += STEP) {
      if (freemem() < LEAST_FREE_BYTES) throw new Error(`less than ${LEAST_FREE_BYTES} bytes of memory are free`);
      const names = Array.from(
        { length: STEP },
        (_, index) => `host-${String(agents - STEP + index).padStart(5, '0')}`,
      );
      await crowd.enrol(store.url, store.adminToken, names);
      const began = performance.now();
      await crowd.connect();
      const connectedMs = performance.now() - began;
      for (let first = 0; first < STEP; first += TOGETHER) {
        const name = `net-${agents - STEP + first}`;
        networks.push(await makeNetwork(store, name, names.slice(first, first + TOGETHER)));
      }
      const figures = await measured(store, crowd, database, networks, connectedMs);
      process.stderr.write(`scale: ${agents} agents, ${process.uptime().toFixed(0)} s: ${figures}\n`);
      reached.push({ agents, figures });
    }
  } catch (error) {
    ended = String(error);
  } finally {
    await crowd.end();
    await database.end();
    await store.stop();
  }
  return [
    ...reached.map(({ agents, figures }) => row(`${agents.toLocaleString('en')} agents in networks of ten`, figures)),
    row('the end of it', ended),
  ];
}

async function measured(
  store: ScaledStore,
  crowd: AgentCrowd,
  database: Client,
  networks: readonly ScaledNetwork[],
  connectedMs: number,
): Promise<string> {
  const used = () => [cpuSeconds(store.controlPlanePid), cpuSeconds(store.nats.pid()), crowd.cpuSeconds()];
  const before = used();
  await pause(IDLE_SECONDS * 1_000);
  const shares = used().map((seconds, at) => (seconds - (before[at] ?? 0)) / IDLE_SECONDS);
  const ms: number[] = [];
  for (let command = 0; command < COMMANDS; command += 1) {
    const network = networks[Math.floor((command * networks.length) / COMMANDS)];
    if (network !== undefined) ms.push(await changed(store, network));
  }
  const { items } = await store.call('GET', '/v1/agents?status=OFFLINE&limit=500');
  const { rows } = await database.query('SELECT FROM pg_stat_activity WHERE datname IS NOT NULL');
  const files = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
  const memory = [residentMegabytes(store.controlPlanePid), residentMegabytes(store.nats.pid())];
  return [
    `connected in ${(connectedMs / 1_000).toFixed(1)} s`,
    `idle: control plane ${percent(shares[0])}, NATS ${percent(shares[1])}, agents ${percent(shares[2])} of a core`,
    `a command to ten p50 ${median(ms).toFixed(0)} ms, p99 ${quantile(ms, 0.99).toFixed(0)} ms`,
    `offline ${(items as readonly unknown[]).length}`,
    `open files ${files(store.controlPlanePid)}, ${files(store.nats.pid())}; connections of Postgres ${rows.length}`,
    `memory ${[...memory, crowd.residentMegabytes()].map((each) => each.toFixed(0)).join(', ')} MB`,
  ].join('; ');
}

/** A rule is added and removed; milliseconds of the first from the command until every agent has acknowledged it. */
async function changed(store: ScaledStore, { name }: ScaledNetwork): Promise<number> {
  const began = performance.now();
  const rule = { effect: 'deny', from: 'local', to: ALIAS, port: 8_080 };
  const { version, result } = await store.call('POST', `/v1/networks/${name}/rules`, rule);
  await applied(store, name, Number(version));
  const ms = performance.now() - began;
  const { id } = result as { readonly id: string };
  const removed = await store.call('DELETE', `/v1/networks/${name}/rules/${id}`);
  await applied(store, name, Number(removed.version));
  return ms;
}

function percent(share: number | undefined): string {
  return `${((share ?? Number.NaN) * 100).toFixed(0)} %`;
}

function row(work: string, figures: string): BenchRow {
  return { work: `scale: ${work}`, budget: '-', measured: figures, peer: '-' };
}
