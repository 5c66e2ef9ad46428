import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bulkRate, exchangeRate } from './proxy/driver.js';
import { type Haproxy, startHaproxy } from './proxy/haproxy.js';

/** One line of the report: rates of this run, ours and the peer's, and the ratio asked for. */
export interface BenchRow {
  readonly work: string;
  readonly budget: string;
  readonly measured: string;
  readonly peer: string;
}

const ROUNDS = 5;
const BULK_FLOWS = 4;
const BULK_SECONDS = 2;
const EXCHANGE_CONNECTIONS = 50;
const EXCHANGE_SECONDS = 2;
const LARGE_BUFFER_BYTES = 256 * 1024;

type Measure = (port: number) => Promise<number>;

/**
 * A flow from a sandbox of this host to another of this host, policy on, against HAProxy in TCP mode. Client, server
 * and each proxy are processes of their own, and take turns.
 */
export default async function benchProxy(): Promise<readonly BenchRow[]> {
  const children: ChildProcess[] = [];
  const start = async (script: string, ...args: string[]) => {
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), args);
    children.push(child);
    const [port] = (await once(child, 'message')) as [number];
    return port;
  };
  const haproxies: Haproxy[] = [];
  const startPeer = async (port: number, bufferBytes: number | null) => {
    const haproxy = await startHaproxy(port, bufferBytes);
    if (haproxy !== null) haproxies.push(haproxy);
    return haproxy?.port ?? null;
  };
  try {
    const backend = await start('./proxy/backend.js');
    const ours = await start('./proxy/host.js', String(backend));
    const usual = await startPeer(backend, null);
    const large = await startPeer(backend, LARGE_BUFFER_BYTES);
    const bulk: Measure = (port) => bulkRate(port, BULK_FLOWS, BULK_SECONDS);
    const exchange: Measure = (port) => exchangeRate(port, EXCHANGE_CONNECTIONS, EXCHANGE_SECONDS);
    return [
      await compare('proxy: bulk, policy on; HAProxy default', '2x', bulk, ours, usual, gigabits),
      await compare('proxy: bulk, policy on; HAProxy 256K', '1x', bulk, ours, large, gigabits),
      await compare('proxy: request/response, 50 connections', '0.8x', exchange, ours, usual, perSecond),
    ];
  } finally {
    for (const haproxy of haproxies) await haproxy.close();
    for (const child of children) child.disconnect();
  }
}

/** Medians of rounds that alternate, so that what else the machine does falls on both. */
async function compare(
  work: string,
  budget: string,
  measure: Measure,
  ours: number,
  peer: number | null,
  text: (rate: number) => string,
): Promise<BenchRow> {
  const rates: { readonly ours: number[]; readonly peer: number[] } = { ours: [], peer: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.ours.push(await measure(ours));
    if (peer !== null) rates.peer.push(await measure(peer));
  }
  const [own, other] = [median(rates.ours), median(rates.peer)];
  const ratio = peer === null ? 'HAProxy is not installed' : `${(own / other).toFixed(2)}x`;
  return {
    work,
    budget,
    measured: `${text(own)} (${ratio})`,
    peer: peer === null ? '-' : text(other),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const gigabits = (bytesPerSecond: number) => `${((bytesPerSecond * 8) / 1e9).toFixed(1)} Gbit/s`;
const perSecond = (rate: number) => `${Math.round(rate)}/s`;
