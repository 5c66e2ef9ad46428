import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { agentIdentity, TestStore } from '#test/support/mesh-store.js';
import { freePort } from '#test/support/ports.js';
import { SHORT_CONNECTIONS } from '#test/support/short-connections.js';
import type { MeshedHost } from './connections/meshed-host.js';
import { startHaproxy } from './proxy/haproxy.js';
import type { HostName } from './proxy/host-engine.js';
import { type BenchRow, median } from './report.js';

const ROUNDS = 5;
const CONNECTIONS = 2_000;
const AT_LEAST = { oneHost: 0.7, acrossHosts: 0.45 };

/**
 * Short connections, 20 at once, each of which sends a word and reads it back: through the data plane of one host, and
 * of two hosts with a direct mesh, with policy on; through HAProxy in the place of each agent; and to the backend
 * itself, in turns. Each is a process of its own; the client shares the processors with them.
 */
export default async function benchConnections(): Promise<readonly BenchRow[]> {
  const children: ChildProcess[] = [];
  const start = (file: string, ...args: string[]): ChildProcess => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args);
    children.push(child);
    return child;
  };
  const backend = await sent<number>(start('./proxy/backend.js'));
  const haproxy = await startHaproxy(backend, null);
  const haproxyBefore = haproxy === null ? null : await startHaproxy(haproxy.port, null);
  try {
    const ports = {
      oneHost: await sent<number>(start('./proxy/host.js', String(backend))),
      acrossHosts: await startTwoHosts(backend, () => start('./connections/meshed-host.js')),
      haproxy: haproxy?.port ?? null,
      twoHaproxies: haproxyBefore?.port ?? null,
      direct: backend,
    };
    const paths = ['oneHost', 'acrossHosts', 'haproxy', 'twoHaproxies', 'direct'] as const;
    const rates: { readonly [path in keyof typeof ports]: number[] } = {
      ...{ oneHost: [], acrossHosts: [], haproxy: [], twoHaproxies: [], direct: [] },
    };
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const path of paths) {
        const port = ports[path];
        const rate = port === null ? Number.NaN : await rateTo(port);
        // The first round is a warm-up for all.
        if (round > 0) rates[path].push(rate);
      }
    }
    const row = (work: string, own: 'oneHost' | 'acrossHosts', peer: 'haproxy' | 'twoHaproxies'): BenchRow => {
      const ratio = median(rates[own].map((rate, index) => rate / (rates[peer][index] ?? Number.NaN)));
      const isCompared = ports[peer] !== null;
      return {
        work: `short connections, ${work}`,
        budget: `${AT_LEAST[own]}x HAProxy`,
        measured: `${text(rates[own])}${isCompared ? ` (${ratio.toFixed(2)}x)` : ''}`,
        peer: isCompared ? `${text(rates[peer])}; direct ${text(rates.direct)}` : 'HAProxy is not installed',
        ...(isCompared && { met: ratio >= AT_LEAST[own] }),
      };
    };
    return [row('one host', 'oneHost', 'haproxy'), row('across hosts', 'acrossHosts', 'twoHaproxies')];
  } finally {
    await haproxyBefore?.close();
    await haproxy?.close();
    for (const child of children) child.disconnect();
  }
}

/** The port at which host-a takes connections to the backend, which is on host-b. */
async function startTwoHosts(backend: number, start: () => ChildProcess): Promise<number> {
  const store = await TestStore.create('bench');
  const place = { port: await freePort(), backend, on: 'host-b' } as const;
  const startOne = async (host: HostName, peer: MeshedHost['peer']): Promise<readonly string[]> => {
    const child = start();
    const credentials = await store.credentials(agentIdentity(host));
    child.send({ host, place, credentials, peer } satisfies MeshedHost);
    return sent<readonly string[]>(child);
  };
  const endpoints = await startOne('host-b', { host: 'host-a', endpoints: [] });
  await startOne('host-a', { host: 'host-b', endpoints });
  return place.port;
}

async function sent<Message>(child: ChildProcess): Promise<Message> {
  const [message] = (await once(child, 'message')) as [Message];
  return message;
}

function text(rates: readonly number[]): string {
  return `${Math.round(median(rates))}/s`;
}

/** Connections a second. Fails if one of them failed. */
async function rateTo(port: number): Promise<number> {
  const args = ['-e', SHORT_CONNECTIONS, '127.0.0.1', String(port), String(CONNECTIONS), '1'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { errors, rates } = JSON.parse(stdout) as { readonly errors: object; readonly rates: readonly number[] };
  if (Object.keys(errors).length > 0) throw new Error(`short connections failed: ${JSON.stringify(errors)}`);
  return rates[0] ?? Number.NaN;
}
