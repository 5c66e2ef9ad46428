import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bulkRate, exchangeRate } from './proxy/driver.js';
import { type Haproxy, startHaproxy } from './proxy/haproxy.js';
import type { BenchRow } from './report.js';

const ROUNDS = 7;
const BULK_FLOWS = 4;
const EXCHANGE_CONNECTIONS = 50;
const SECONDS = 1;
const LARGE_BUFFER_BYTES = 256 * 1024;

type Measure = (port: number) => Promise<number>;

/** A proxy in a separate process. */
interface Arm {
  readonly port: number;
  readonly pid: number;
}

/** The result of one round: the rate, and the rate for each second of the proxy's CPU time. */
interface Sample {
  readonly rate: number;
  readonly perCpuSecond: number;
}

/**
 * A flow between two sandboxes of this host, policy on, against HAProxy in TCP mode. Client, server and each proxy are
 * separate processes, and take turns. Client and server share the processors with the proxy. With few processors, the
 * rate says less about the proxy than the rate for each second of its CPU time, so both are given.
 */
export default async function benchProxy(): Promise<readonly BenchRow[]> {
  const children: ChildProcess[] = [];
  const start = async (script: string, ...args: string[]): Promise<Arm> => {
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), args);
    children.push(child);
    const [port] = (await once(child, 'message')) as [number];
    return { port, pid: child.pid ?? 0 };
  };
  const haproxies: Haproxy[] = [];
  const startPeer = async ({ port }: Arm, bufferBytes: number | null) => {
    const haproxy = await startHaproxy(port, bufferBytes);
    if (haproxy !== null) haproxies.push(haproxy);
    return haproxy;
  };
  try {
    const backend = await start('./proxy/backend.js');
    const ours = await start('./proxy/host.js', String(backend.port));
    const usual = await startPeer(backend, null);
    const large = await startPeer(backend, LARGE_BUFFER_BYTES);
    const bulk: Measure = (port) => bulkRate(port, BULK_FLOWS, SECONDS);
    const exchange: Measure = (port) => exchangeRate(port, EXCHANGE_CONNECTIONS, SECONDS);
    return [
      await compare('proxy: bulk, policy on; HAProxy default', 2, bulk, ours, usual, gigabits),
      await compare('proxy: bulk, policy on; HAProxy 256K', 1, bulk, ours, large, gigabits),
      await compare('proxy: request/response, 50 connections', 0.8, exchange, ours, usual, perSecond),
    ];
  } finally {
    for (const haproxy of haproxies) await haproxy.close();
    for (const child of children) child.disconnect();
  }
}

/** Medians of alternating rounds, and of the ratios within a round: other work on the machine affects both. */
async function compare(
  work: string,
  atLeast: number,
  measure: Measure,
  ours: Arm,
  peer: Arm | null,
  text: (rate: number) => string,
): Promise<BenchRow> {
  const own: Sample[] = [];
  const other: Sample[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    own.push(await sample(measure, ours));
    if (peer !== null) other.push(await sample(measure, peer));
  }
  const budget = `${atLeast}x`;
  const rate = text(median(own.map((each) => each.rate)));
  if (peer === null) return { work, budget, measured: rate, peer: 'HAProxy is not installed' };
  const ratio = (of: (each: Sample) => number) => median(own.map((each, round) => of(each) / of(other[round] ?? each)));
  const times = (of: (each: Sample) => number) => `${ratio(of).toFixed(2)}x`;
  return {
    work,
    budget,
    measured: `${rate} (${times((each) => each.rate)}; a CPU second ${times((each) => each.perCpuSecond)})`,
    peer: text(median(other.map((each) => each.rate))),
    met: ratio((each) => each.rate) >= atLeast,
  };
}

async function sample(measure: Measure, { port, pid }: Arm): Promise<Sample> {
  const [cpuBefore, from] = [cpuSeconds(pid), performance.now()];
  const rate = await measure(port);
  const share = (cpuSeconds(pid) - cpuBefore) / ((performance.now() - from) / 1000);
  return { rate, perCpuSecond: rate / share };
}

/** User and system time of a process, proc(5); the kernel reports them in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const gigabits = (bytesPerSecond: number) => `${((bytesPerSecond * 8) / 1e9).toFixed(1)} Gbit/s`;
const perSecond = (rate: number) => `${Math.round(rate)}/s`;
