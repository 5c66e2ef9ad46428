import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { directTransport } from '#libs/mesh/direct-transport.js';
import { startMeshNode } from '#libs/mesh/mesh-node.js';
import { agent, agentIdentity, flowRequest, TestStore } from '#test/support/mesh-store.js';
import { type HaproxyPair, startHaproxyPair } from './mesh/haproxy-pair.js';
import { type BenchRow, median } from './report.js';

const STREAM_SECONDS = 4;
const STREAMS_AT_ONCE = 64;
const BULK_BYTES = 1024 ** 3;
const ROUNDS = 3;

type Open = () => Promise<Duplex>;

/** New streams and bulk between two node processes, over the mesh and over a pair of HAProxy with mutual TLS. */
export default async function benchMesh(): Promise<readonly BenchRow[]> {
  const store = await TestStore.create('bench');
  const [source, target] = [
    await store.credentials(agentIdentity('host-a')),
    await store.credentials(agentIdentity('host-b')),
  ];
  const child = fork(fileURLToPath(new URL('./mesh/target.js', import.meta.url)));
  child.send(target);
  const [{ endpoints, port }] = (await once(child, 'message')) as [{ endpoints: string[]; port: number }];
  const node = await startMeshNode({
    credentials: source,
    transport: directTransport({ listen: '127.0.0.1:0' }),
    log: () => undefined,
  });
  let pair: HaproxyPair | null = null;
  try {
    pair = await startHaproxyPair(source, target, port);
    const front = pair?.port ?? null;
    node.setPeers([{ agentId: agent('host-b'), endpoints }]);
    const mesh: Open = () => node.open(agent('host-b'), flowRequest(), new AbortController().signal);
    const haproxy: Open | null = front === null ? null : () => connected(front);
    const streams = await compare(mesh, haproxy, newStreams);
    const bulk = await compare(mesh, haproxy, (open) => bulkRate(open, 1));
    const parallel = await compare(mesh, haproxy, (open) => bulkRate(open, 4));
    return [
      row('mesh: new streams, 64 at once', '4x', streams, (rate) => `${Math.round(rate)}/s`),
      row('mesh: bulk, one flow', '0.9x', bulk, gigabits),
      row('mesh: bulk, four flows', '0.9x', parallel, gigabits),
    ];
  } finally {
    await node.close();
    await pair?.close();
    child.disconnect();
  }
}

interface Rates {
  readonly ours: number;
  readonly theirs: number | null;
}

/** Turn by turn, so that a slow moment of the machine meets both; the median of each counts. */
async function compare(ours: Open, theirs: Open | null, measure: (open: Open) => Promise<number>): Promise<Rates> {
  const rates: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.ours.push(await measure(ours));
    if (theirs !== null) rates.theirs.push(await measure(theirs));
  }
  return { ours: median(rates.ours), theirs: theirs === null ? null : median(rates.theirs) };
}

async function newStreams(open: Open): Promise<number> {
  const until = performance.now() + STREAM_SECONDS * 1_000;
  let done = 0;
  const worker = async () => {
    while (performance.now() < until) {
      await exchange(open, 1);
      done += 1;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, worker));
  return (done * 1_000) / (performance.now() - began);
}

/** Bytes a second. */
async function bulkRate(open: Open, flows: number): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: flows }, () => exchange(open, BULK_BYTES / flows)));
  return (BULK_BYTES * 1_000) / (performance.now() - began);
}

/** Asks for so many bytes over a stream of its own and takes them to the end. */
async function exchange(open: Open, bytes: number): Promise<void> {
  const stream = await open();
  const request = Buffer.alloc(8);
  request.writeBigUInt64BE(BigInt(bytes));
  await new Promise<void>((resolve, reject) => {
    let left = bytes;
    stream.on('data', (chunk: Buffer) => {
      left -= chunk.length;
    });
    stream.once('error', reject);
    stream.once('end', () => {
      stream.end();
      if (left === 0) resolve();
      else reject(new Error(`${left} bytes are missing`));
    });
    stream.write(request); // not ended yet: HAProxy's TLS cannot close one direction alone
  });
}

function connected(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

const gigabits = (rate: number) => `${((rate * 8) / 1e9).toFixed(2)} Gbit/s`;

function row(work: string, budget: string, { ours, theirs }: Rates, text: (rate: number) => string): BenchRow {
  const ratio = theirs === null ? '' : ` (${(ours / theirs).toFixed(2)}x)`;
  return {
    work,
    budget,
    measured: text(ours) + ratio,
    peer: theirs === null ? 'HAProxy is not installed' : text(theirs),
  };
}
