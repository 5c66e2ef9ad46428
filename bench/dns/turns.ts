import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Load, LoadResult } from './generator.js';

export const SERVER_CORE = '0';
export const GENERATOR_CORE = '1';
export const IN_FLIGHT = 128;
const ROUND_MS = 3_000;
/** Linux reports CPU time in hundredths of a second, whatever its own tick: proc(5). */
const TICKS_PER_SECOND = 100;

export interface Measured extends LoadResult {
  /** Of the server's process, including all threads. */
  readonly cpuSeconds: number;
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** `file` is a module of the benches, such as `dns/server.js`. */
export function nodeOnCore(core: string, file: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  return spawn('taskset', ['-c', core, process.execPath, path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

export function startDnsmasq(port: number, ...answers: string[]): ChildProcess {
  const fixed = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file', '--no-resolv', '--no-hosts', '--user='];
  const place = [`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces'];
  return spawn('taskset', ['-c', SERVER_CORE, 'dnsmasq', ...fixed, ...answers, ...place], { stdio: 'inherit' });
}

/** One round of queries to the server of this process. */
export async function drive(
  generator: ChildProcess,
  pid: number | undefined,
  to: Pick<Load, 'source' | 'domain' | 'names' | 'port'>,
): Promise<Measured> {
  const before = cpuSeconds(pid);
  const load: Load = { ...to, inFlight: IN_FLIGHT, milliseconds: ROUND_MS };
  generator.send(load);
  const answered = new AbortController();
  const died = once(generator, 'exit', { signal: answered.signal }).then(() => {
    throw new Error('the generator of queries ended before it had its answers');
  });
  const [result] = (await Promise.race([once(generator, 'message'), died])) as [LoadResult];
  died.catch(() => {});
  answered.abort();
  return { ...result, cpuSeconds: cpuSeconds(pid) - before };
}

/** User and system time of a process, fields 14 and 15 of its stat, proc(5). */
function cpuSeconds(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
