import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '#test/support/ports.js';
import type { Load, LoadResult } from './dns/generator.js';
import { benchHosts } from './dns/names.js';

/** One line of the report: rates of this run, ours and the peer's, and the ratio asked for. */
export interface BenchRow {
  readonly work: string;
  readonly budget: string;
  readonly measured: string;
  readonly peer: string;
}

const SERVER_CORE = '0';
const GENERATOR_CORE = '1';
const ROUNDS = 5;
const ROUND_MS = 3_000;
const IN_FLIGHT = 128;
/** Linux counts processor time in hundredths of a second, whatever its own tick: proc(5). */
const TICKS_PER_SECOND = 100;

interface Measured extends LoadResult {
  /** Of the server's process, all threads. */
  readonly cpuSeconds: number;
}

/**
 * 10,000 names over UDP, ours and dnsmasq turn by turn: server on one core, generator on the other. What decides is
 * the answers that a server gives for a second of its core, so that a generator that cannot keep it busy favours none.
 */
export default async function benchDns(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gs-bench-dns-'));
  const generator = node(GENERATOR_CORE, './dns/generator.js');
  const servers: ChildProcess[] = [];
  try {
    const ours = { port: await freePort(), process: undefined as ChildProcess | undefined };
    ours.process = node(SERVER_CORE, './dns/server.js', String(ours.port));
    servers.push(ours.process);
    await once(ours.process, 'message');
    const peerPort = await freePort();
    const peer = startDnsmasq(folder, peerPort);
    servers.push(peer);

    const measured: { ours: Measured[]; peer: Measured[] } = { ours: [], peer: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const one = await drive(generator, ours.process, ours.port);
      const other = await drive(generator, peer, peerPort);
      // The first round warms both up.
      if (round === 0) continue;
      measured.ours.push(one);
      measured.peer.push(other);
    }
    return rows(measured.ours, measured.peer);
  } finally {
    generator.kill();
    for (const server of servers) server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function node(core: string, file: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return spawn('taskset', ['-c', core, process.execPath, path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function startDnsmasq(folder: string, port: number): ChildProcess {
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, benchHosts());
  const fixed = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file', '--no-resolv', '--no-hosts', '--user='];
  const answers = ['--cache-size=0', '--local=/gstacks/', '--local-ttl=5', `--addn-hosts=${hosts}`];
  const place = [`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces'];
  return spawn('taskset', ['-c', SERVER_CORE, 'dnsmasq', ...fixed, ...answers, ...place], { stdio: 'inherit' });
}

async function drive(generator: ChildProcess, server: ChildProcess, port: number): Promise<Measured> {
  const before = cpuSeconds(server);
  const load: Load = { port, inFlight: IN_FLIGHT, milliseconds: ROUND_MS };
  generator.send(load);
  const [result] = (await once(generator, 'message')) as [LoadResult];
  return { ...result, cpuSeconds: cpuSeconds(server) - before };
}

/** User and system time of a process, fields 14 and 15 of its stat, proc(5). */
function cpuSeconds(server: ChildProcess): number {
  const stat = readFileSync(`/proc/${server.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function rows(ours: readonly Measured[], peer: readonly Measured[]): readonly BenchRow[] {
  const perCpuSecond = (runs: readonly Measured[]): number => median(runs.map((run) => run.answers / run.cpuSeconds));
  const perSecond = (runs: readonly Measured[]): number =>
    median(runs.map((run) => (run.answers * 1_000) / run.milliseconds));
  const latency = (runs: readonly Measured[]): string =>
    `p50 ${median(runs.map((run) => run.p50Microseconds))} us, p99 ${median(runs.map((run) => run.p99Microseconds))} us`;
  const rate = (value: number): string => `${Math.round(value)}/s`;
  const ratio = (value: number): string => `(${value.toFixed(2)}x)`;
  return [
    {
      work: 'DNS UDP, 10k names, answers for a second of a core',
      budget: '1.0x dnsmasq',
      measured: `${rate(perCpuSecond(ours))} ${ratio(perCpuSecond(ours) / perCpuSecond(peer))}`,
      peer: rate(perCpuSecond(peer)),
    },
    {
      work: `DNS UDP, 10k names, ${IN_FLIGHT} in flight`,
      budget: '1.0x dnsmasq',
      measured: `${rate(perSecond(ours))} ${ratio(perSecond(ours) / perSecond(peer))}, ${latency(ours)}`,
      peer: `${rate(perSecond(peer))}, ${latency(peer)}`,
    },
  ];
}
