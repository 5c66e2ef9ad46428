import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SHORT_CONNECTIONS } from '#test/support/short-connections.js';
import { startHaproxy } from './proxy/haproxy.js';
import { type BenchRow, median } from './report.js';

const ROUNDS = 5;
const CONNECTIONS = 2_000;
const AT_LEAST = 0.7;

/**
 * Short connections, 20 at once, each of which sends a word and reads it back: through the data plane of one host with
 * policy on, through HAProxy, and to the backend itself, in turns. Each is a process of its own; the client shares the
 * processors with them.
 */
export default async function benchConnections(): Promise<readonly BenchRow[]> {
  const children: ChildProcess[] = [];
  const start = async (file: string, ...args: string[]): Promise<number> => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args);
    children.push(child);
    const [port] = (await once(child, 'message')) as [number];
    return port;
  };
  const backend = await start('./proxy/backend.js');
  const haproxy = await startHaproxy(backend, null);
  try {
    const ours = await start('./proxy/host.js', String(backend));
    const rates: { readonly ours: number[]; readonly peer: number[]; readonly direct: number[] } = {
      ...{ ours: [], peer: [], direct: [] },
    };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const own = await rateTo(ours);
      const other = haproxy === null ? Number.NaN : await rateTo(haproxy.port);
      const direct = await rateTo(backend);
      // The first round is a warm-up for all.
      if (round === 0) continue;
      rates.ours.push(own);
      rates.peer.push(other);
      rates.direct.push(direct);
    }
    const ratio = median(rates.ours.map((rate, index) => rate / (rates.peer[index] ?? Number.NaN)));
    const text = (values: readonly number[]): string => `${Math.round(median(values))}/s`;
    return [
      {
        work: 'short connections, one host',
        budget: `${AT_LEAST}x HAProxy`,
        measured: `${text(rates.ours)}${haproxy === null ? '' : ` (${ratio.toFixed(2)}x)`}`,
        peer: haproxy === null ? 'HAProxy is not installed' : `${text(rates.peer)}; direct ${text(rates.direct)}`,
        ...(haproxy !== null && { met: ratio >= AT_LEAST }),
      },
    ];
  } finally {
    await haproxy?.close();
    for (const child of children) child.disconnect();
  }
}

/** Connections a second. Fails if one of them failed. */
async function rateTo(port: number): Promise<number> {
  const args = ['-e', SHORT_CONNECTIONS, '127.0.0.1', String(port), String(CONNECTIONS), '1'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { errors, rates } = JSON.parse(stdout) as { readonly errors: object; readonly rates: readonly number[] };
  if (Object.keys(errors).length > 0) throw new Error(`short connections failed: ${JSON.stringify(errors)}`);
  return rates[0] ?? Number.NaN;
}
