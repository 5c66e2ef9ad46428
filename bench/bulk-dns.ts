import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '#test/support/ports.js';
import type { Load, LoadResult } from './dns/generator.js';
import { benchHosts, DOMAIN, NAMES } from './dns/names.js';
import { isInstalled } from './dns/turns.js';
import { bulkRate } from './proxy/driver.js';
import { startHaproxy } from './proxy/haproxy.js';
import { type BenchRow, median } from './report.js';

const ROUNDS = 5;
const FLOWS = 4;
const SECONDS = 3;
/** As many queries as sandboxes that wait for a name before they connect. */
const IN_FLIGHT = 4;

/** Where a host's names and its proxy are. */
interface Host {
  readonly dnsPort: number;
  readonly proxyPort: number;
}

interface Round {
  readonly p50: number;
  readonly p99: number;
  readonly gigabits: number;
}

/**
 * DNS while four flows move as many bytes as they can: one process with our proxy and our DNS, as an agent is, beside
 * HAProxy and dnsmasq, in turns. Clients, backend and servers share the processors.
 */
export default async function benchBulkDns(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gs-bench-bulk-dns-'));
  const children: ChildProcess[] = [];
  const start = (file: string, ...args: string[]): ChildProcess => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args);
    children.push(child);
    return child;
  };
  const backend = start('./proxy/backend.js');
  const [backendPort] = (await once(backend, 'message')) as [number];
  const haproxy = await startHaproxy(backendPort, null);
  try {
    const generator = start('./dns/generator.js');
    const ours = { dnsPort: await freePort(), proxyPort: 0 };
    const host = start('./bulk-dns/host.js', String(backendPort), String(ours.dnsPort));
    [ours.proxyPort] = (await once(host, 'message')) as [number];
    const peer =
      haproxy === null || !isInstalled('dnsmasq') ? null : { dnsPort: await freePort(), proxyPort: haproxy.port };
    if (peer !== null) children.push(startDnsmasq(folder, peer.dnsPort));
    const measured: { readonly ours: Round[]; readonly peer: Round[] } = { ours: [], peer: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [own, other] = [await drive(generator, ours), peer === null ? null : await drive(generator, peer)];
      // The first round is a warm-up for both.
      if (round === 0) continue;
      measured.ours.push(own);
      if (other !== null) measured.peer.push(other);
    }
    return [
      rowOf('p50', 1, measured.ours, measured.peer, ({ p50 }) => p50),
      rowOf('p99', 2, measured.ours, measured.peer, ({ p99 }) => p99),
      {
        work: 'bulk while DNS is asked',
        budget: '-',
        measured: `${median(measured.ours.map(({ gigabits }) => gigabits)).toFixed(1)} Gbit/s`,
        peer: peer === null ? '-' : `${median(measured.peer.map(({ gigabits }) => gigabits)).toFixed(1)} Gbit/s`,
      },
    ];
  } finally {
    await haproxy?.close();
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function startDnsmasq(folder: string, port: number): ChildProcess {
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, benchHosts());
  const fixed = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file', '--no-resolv', '--no-hosts', '--user='];
  const zone = ['--cache-size=0', '--local=/gstacks/', '--local-ttl=5', `--addn-hosts=${hosts}`];
  const place = [`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces'];
  return spawn('dnsmasq', [...fixed, ...zone, ...place], { stdio: 'inherit' });
}

async function drive(generator: ChildProcess, { dnsPort, proxyPort }: Host): Promise<Round> {
  const load: Load = {
    domain: DOMAIN,
    names: NAMES,
    port: dnsPort,
    inFlight: IN_FLIGHT,
    milliseconds: SECONDS * 1_000,
  };
  const answered = once(generator, 'message') as Promise<[LoadResult]>;
  generator.send(load);
  const bytes = await bulkRate(proxyPort, FLOWS, SECONDS);
  const [{ p50Microseconds, p99Microseconds }] = await answered;
  return { p50: p50Microseconds, p99: p99Microseconds, gigabits: (bytes * 8) / 1e9 };
}

function rowOf(
  name: string,
  atMost: number,
  ours: readonly Round[],
  peer: readonly Round[],
  of: (round: Round) => number,
): BenchRow {
  const ratio = median(ours.map((round, index) => of(round) / of(peer[index] ?? round)));
  const hasPeer = peer.length > 0;
  return {
    work: `DNS under bulk proxying, ${name}`,
    budget: `${atMost}x dnsmasq + HAProxy`,
    measured: `${median(ours.map(of)).toFixed(0)} us${hasPeer ? ` (${ratio.toFixed(2)}x)` : ''}`,
    peer: hasPeer ? `${median(peer.map(of)).toFixed(0)} us` : 'dnsmasq or HAProxy is not installed',
    ...(hasPeer && { met: ratio <= atMost }),
  };
}
