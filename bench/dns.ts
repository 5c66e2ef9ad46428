import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '#test/support/ports.js';
import type { Load, LoadResult } from './dns/generator.js';
import { benchHosts } from './dns/names.js';
import { type BenchRow, median } from './report.js';

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
    const ourPort = await freePort();
    const ours = node(SERVER_CORE, './dns/server.js', String(ourPort));
    servers.push(ours);
    await once(ours, 'message');
    const peerPort = await freePort();
    const peer = isInstalled('dnsmasq') ? startDnsmasq(folder, peerPort) : null;
    if (peer !== null) servers.push(peer);

    const measured: { ours: Measured[]; peer: Measured[] } = { ours: [], peer: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const one = await drive(generator, ours, ourPort);
      const other = peer === null ? null : await drive(generator, peer, peerPort);
      // The first round warms both up.
      if (round === 0) continue;
      measured.ours.push(one);
      if (other !== null) measured.peer.push(other);
    }
    return rows(measured.ours, measured.peer);
  } finally {
    generator.kill();
    for (const server of servers) server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
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

function rows(ours: readonly Measured[], peer: readonly Measured[]): readonly BenchRow[] {
  const perCpuSecond = (runs: readonly Measured[]): number => median(runs.map((run) => run.answers / run.cpuSeconds));
  const perSecond = (runs: readonly Measured[]): number =>
    median(runs.map((run) => (run.answers * 1_000) / run.milliseconds));
  const latency = (runs: readonly Measured[]): string =>
    `p50 ${median(runs.map((run) => run.p50Microseconds))} us, p99 ${median(runs.map((run) => run.p99Microseconds))} us`;
  const rate = (value: number): string => `${Math.round(value)}/s`;
  const ratio = (value: number): string => (Number.isNaN(value) ? '' : ` (${value.toFixed(2)}x)`);
  const ofPeer = (text: string): string => (peer.length === 0 ? 'dnsmasq is not installed' : text);
  return [
    {
      work: 'DNS UDP, 10k names, answers for a second of a core',
      budget: '1.0x dnsmasq',
      measured: `${rate(perCpuSecond(ours))}${ratio(perCpuSecond(ours) / perCpuSecond(peer))}`,
      peer: ofPeer(rate(perCpuSecond(peer))),
    },
    {
      work: `DNS UDP, 10k names, ${IN_FLIGHT} in flight`,
      budget: '1.0x dnsmasq',
      measured: `${rate(perSecond(ours))}${ratio(perSecond(ours) / perSecond(peer))}, ${latency(ours)}`,
      peer: ofPeer(`${rate(perSecond(peer))}, ${latency(peer)}`),
    },
  ];
}
