import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#test/support/ports.js';
import { benchHosts, DOMAIN, NAMES } from './dns/names.js';
import {
  drive,
  GENERATOR_CORE,
  IN_FLIGHT,
  isInstalled,
  type Measured,
  nodeOnCore,
  SERVER_CORE,
  startDnsmasq,
} from './dns/turns.js';
import { type BenchRow, median } from './report.js';

const ROUNDS = 5;

/**
 * 10,000 names over UDP, ours and dnsmasq in turns: server on one core, generator on the other. The result is the
 * answers for each second of the server's core, so a generator that cannot keep a server busy favours neither.
 */
export default async function benchDns(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gs-bench-dns-'));
  const generator = nodeOnCore(GENERATOR_CORE, 'dns/generator.js');
  const servers: ChildProcess[] = [];
  try {
    const ourPort = await freePort();
    const ours = nodeOnCore(SERVER_CORE, 'dns/server.js', String(ourPort));
    servers.push(ours);
    await once(ours, 'message');
    const peerPort = await freePort();
    const peer = isInstalled('dnsmasq') ? startPeer(folder, peerPort) : null;
    if (peer !== null) servers.push(peer);

    const measured: { ours: Measured[]; peer: Measured[] } = { ours: [], peer: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const one = await drive(generator, ours.pid, { domain: DOMAIN, names: NAMES, port: ourPort });
      const other =
        peer === null ? null : await drive(generator, peer.pid, { domain: DOMAIN, names: NAMES, port: peerPort });
      // The first round is a warm-up for both.
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

function startPeer(folder: string, port: number): ChildProcess {
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, benchHosts());
  return startDnsmasq(port, '--cache-size=0', '--local=/gstacks/', '--local-ttl=5', `--addn-hosts=${hosts}`);
}

function rows(ours: readonly Measured[], peer: readonly Measured[]): readonly BenchRow[] {
  const perCpuSecond = (runs: readonly Measured[]): number => median(runs.map((run) => run.answers / run.cpuSeconds));
  const perSecond = (runs: readonly Measured[]): number =>
    median(runs.map((run) => (run.answers * 1_000) / run.milliseconds));
  const latency = (runs: readonly Measured[]): string =>
    `p50 ${median(runs.map((run) => run.p50Microseconds))} us, p99 ${median(runs.map((run) => run.p99Microseconds))} us`;
  const rate = (value: number): string => `${Math.round(value)}/s`;
  const ratio = (value: number): string => (Number.isNaN(value) ? '' : ` (${value.toFixed(2)}x)`);
  const met = (value: number) => (Number.isNaN(value) ? {} : { met: value >= 1 });
  const ofPeer = (text: string): string => (peer.length === 0 ? 'dnsmasq is not installed' : text);
  return [
    {
      work: 'DNS UDP, 10k names, answers for a second of a core',
      budget: '1.0x dnsmasq',
      measured: `${rate(perCpuSecond(ours))}${ratio(perCpuSecond(ours) / perCpuSecond(peer))}`,
      peer: ofPeer(rate(perCpuSecond(peer))),
      ...met(perCpuSecond(ours) / perCpuSecond(peer)),
    },
    {
      work: `DNS UDP, 10k names, ${IN_FLIGHT} in flight`,
      budget: '1.0x dnsmasq',
      measured: `${rate(perSecond(ours))}${ratio(perSecond(ours) / perSecond(peer))}, ${latency(ours)}`,
      peer: ofPeer(`${rate(perSecond(peer))}, ${latency(peer)}`),
      ...met(perSecond(ours) / perSecond(peer)),
    },
  ];
}
