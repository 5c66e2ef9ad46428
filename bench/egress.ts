import type { ChildProcess } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { encode } from 'dns-packet';
import { startScripted } from '#test/integration/dns/resolvers.js';
import { AgentProcess } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { freePort } from '#test/support/ports.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';
import { DOMAIN, NAMES } from './dns/names.js';
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

const ROUNDS = 3;
const FLOWS = 2_000;
const OUTSIDE = 'wild.example.com';
const SERVER = '127.0.9.1';
/** One sandbox may have at most 1,000 names. */
const SANDBOXES = Array.from({ length: 10 }, (_, index) => ({ id: `sbx-${index}`, address: `127.0.8.${index + 1}` }));
/** Each alias and each name outside has a listener: with 10,000 of both an agent needs more than 20,000 open files. */
const INSIDE = 1_000;
const EACH = NAMES / SANDBOXES.length;
const AT_ONCE = 100;
/**
 * By default dnsmasq refuses more than 150 queries at a time, which a busy machine reaches while the cache is filled.
 */
const FORWARDS = `--dns-forward-max=${NAMES}`;
const LOADED_WITHIN_MS = 120_000;

type Turns = { readonly [server in 'outside' | 'inside' | 'peer']: Measured[] };

/**
 * 10,000 names outside and 1,000 inside at one agent that carries 2,000 flows to names outside, compared with dnsmasq
 * with the same names in its cache: in turns, servers on one core, generator on the other.
 */
export default async function benchEgress(): Promise<readonly BenchRow[]> {
  const generator = nodeOnCore(GENERATOR_CORE, 'dns/generator.js');
  const upstream = await startScripted(({ id, questions }) => {
    const [question] = questions ?? [];
    if (id === undefined || question === undefined) return null;
    const isA = question.type === 'A';
    const answers = isA ? [{ type: 'A' as const, name: question.name, ttl: 86_400, data: SERVER }] : [];
    return [encode({ type: 'response', id, flags: 0x0180, questions: [question], answers })];
  });
  let arrived = 0;
  const server = createServer((socket) => {
    arrived += 1;
    socket.on('error', () => {});
  }).listen(0, SERVER);
  await once(server, 'listening');
  const plane = await FakeControlPlane.start();
  const place = { dns: await freePort(), target: portOf(server), peer: await freePort() };
  const agent = new AgentProcess('host-a', plane.url, settings(place.dns, upstream.address), [
    'taskset',
    '-c',
    SERVER_CORE,
  ]);
  const flows: Socket[] = [];
  let peer: ChildProcess | null = null;
  try {
    agent.setSandboxes(SANDBOXES);
    agent.start();
    await waitFor('the agent is there', () => plane.hellos.length > 0);
    await plane.publish(agent.id, snapshot(place.target));
    await waitFor(
      'the names inside are there',
      () => plane.applied.some(({ outcome }) => outcome === 'applied'),
      LOADED_WITHIN_MS,
    );
    const before = residentMegabytes(agent.pid);
    const began = performance.now();
    const addresses = await askForAll(place.dns);
    const seconds = (performance.now() - began) / 1_000;
    const withNames = residentMegabytes(agent.pid);
    for (let left = FLOWS; left > 0; left -= AT_ONCE) flows.push(...(await openFlows(addresses, place.target)));
    // The kernel accepts connections for the agent, which may not have dialled yet when the last of them is made.
    await waitFor(
      'the flows are open, or lost',
      () => arrived + flows.filter(({ readyState }) => readyState !== 'open').length >= FLOWS,
      LOADED_WITHIN_MS,
    );
    const withFlows = residentMegabytes(agent.pid);
    peer = isInstalled('dnsmasq')
      ? startDnsmasq(place.peer, `--cache-size=${NAMES}`, FORWARDS, `--server=${upstream.address.replace(':', '#')}`)
      : null;
    const turns: Turns = { outside: [], inside: [], peer: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const ours = { source: SANDBOXES[0]?.address ?? '', port: place.dns };
      const outside = await drive(generator, agent.pid, { ...ours, domain: OUTSIDE, names: NAMES });
      const inside = await drive(generator, agent.pid, { ...ours, domain: DOMAIN, names: INSIDE });
      const cached =
        peer === null ? null : await drive(generator, peer.pid, { domain: OUTSIDE, names: NAMES, port: place.peer });
      // The first round is a warm-up for all, and fills dnsmasq's cache.
      if (round === 0) continue;
      turns.outside.push(outside);
      turns.inside.push(inside);
      if (cached !== null) turns.peer.push(cached);
    }
    const lost = flows.filter(({ readyState }) => readyState !== 'open').length;
    const memory = { before, withNames, withFlows, atEnd: residentMegabytes(agent.pid) };
    return rows(turns, memory, { seconds, lost });
  } finally {
    for (const flow of flows) flow.destroy();
    generator.kill();
    peer?.kill('SIGKILL');
    await agent.remove();
    await plane.close();
    await upstream.stop();
    server.close();
  }
}

function settings(dnsPort: number, upstreams: string): { readonly [variable: string]: string } {
  return {
    GLOBALSTACKS_AGENT_DRIVER: 'static',
    GLOBALSTACKS_AGENT_EGRESS: 'listed',
    GLOBALSTACKS_AGENT_MESH_DNS_ADDR: `127.0.0.1:${dnsPort}`,
    GLOBALSTACKS_AGENT_DNS_UPSTREAMS: upstreams,
    GLOBALSTACKS_AGENT_DNS_RATE: '1000000',
    GLOBALSTACKS_LOG_LEVEL: 'info',
  };
}

function snapshot(port: number) {
  const aliases = Array.from(
    { length: INSIDE },
    (_, index) => [`a${index}`, { sandbox: 'sbx-0', ports: [8080] }] as const,
  );
  return snapshotOf({
    version: 1,
    sandboxes: Object.fromEntries(SANDBOXES.map(({ id }) => [id, 'host-a'])),
    aliases: Object.fromEntries(aliases),
    egress: [`allow any *.${OUTSIDE} ${port} private`],
  });
}

/** Each sandbox looks up its share of the names. Returns the addresses that each got, by sandbox. */
async function askForAll(dnsPort: number): Promise<ReadonlyMap<string, readonly string[]>> {
  const given = new Map<string, string[]>();
  for (const [number, { address }] of SANDBOXES.entries()) {
    const resolver = new Resolver({ timeout: 10_000, tries: 2 });
    resolver.setServers([`127.0.0.1:${dnsPort}`]);
    resolver.setLocalAddress(address);
    const addresses: string[] = [];
    for (let first = number * EACH; first < (number + 1) * EACH; first += AT_ONCE) {
      const names = Array.from({ length: AT_ONCE }, (_, index) => `a${first + index}.${OUTSIDE}`);
      addresses.push(...(await Promise.all(names.map((name) => resolver.resolve4(name)))).flat());
    }
    given.set(address, addresses);
  }
  return given;
}

async function openFlows(addresses: ReadonlyMap<string, readonly string[]>, port: number): Promise<readonly Socket[]> {
  const [[localAddress, given] = ['', []]] = addresses;
  const flows = Array.from({ length: AT_ONCE }, (_, index) =>
    // A connection that is reset counts as lost at the end.
    connect({ host: given[index % given.length] ?? '', port, localAddress }).on('error', () => {}),
  );
  await Promise.all(flows.map((flow) => once(flow, 'connect')));
  return flows;
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** VmRSS of a process, proc(5). */
function residentMegabytes(pid: number): number {
  const [, kilobytes = 'NaN'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1_024);
}

function rows(
  { outside, inside, peer }: Turns,
  memory: { readonly [moment in 'before' | 'withNames' | 'withFlows' | 'atEnd']: number },
  { seconds, lost }: { readonly seconds: number; readonly lost: number },
): readonly BenchRow[] {
  const p99 = (runs: readonly Measured[]): number => median(runs.map((run) => run.p99Microseconds));
  const p50 = (runs: readonly Measured[]): number => median(runs.map((run) => run.p50Microseconds));
  const rate = (runs: readonly Measured[]): number => median(runs.map((run) => run.answers / run.cpuSeconds));
  const ratio = (one: number, other: number): string => (Number.isNaN(other) ? '' : ` (${(one / other).toFixed(2)}x)`);
  const ofPeer = (text: string): string => (peer.length === 0 ? 'dnsmasq is not installed' : text);
  return [
    {
      work: `DNS p99, ${NAMES} names outside, ${FLOWS} flows, ${IN_FLIGHT} in flight`,
      budget: '1.5x names inside',
      measured: `${p99(outside)} us${ratio(p99(outside), p99(inside))}`,
      peer: `names inside ${p99(inside)} us`,
    },
    {
      work: 'the same beside dnsmasq that has them in its cache',
      budget: '',
      measured: `${p99(outside)} us${ratio(p99(outside), p99(peer))}`,
      peer: ofPeer(`${p99(peer)} us`),
    },
    {
      work: 'DNS p50 of the same',
      budget: '',
      measured: `${p50(outside)} us${ratio(p50(outside), p50(inside))}`,
      peer: `names inside ${p50(inside)} us, ${ofPeer(`dnsmasq ${p50(peer)} us`)}`,
    },
    {
      work: 'answers for a second of a core',
      budget: '',
      measured: `${Math.round(rate(outside))}${ratio(rate(outside), rate(peer))}`,
      peer: `${ofPeer(String(Math.round(rate(peer))))}; names inside ${Math.round(rate(inside))}`,
    },
    {
      work: 'memory of the agent with 1,000 names inside',
      budget: 'bounded',
      measured: `${memory.before} MB`,
      peer: `${NAMES} outside: ${memory.withNames} MB, ${FLOWS} flows: ${memory.withFlows} MB, at the end ${memory.atEnd} MB`,
    },
    {
      work: 'names outside that get their address, one sandbox after the other',
      budget: '',
      measured: `${Math.round(NAMES / seconds)}/s`,
      peer: `flows lost: ${lost}`,
    },
  ];
}
