import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SandboxId } from '#libs/contracts/ids.js';
import { runTool } from '../ip-command.js';
import type { ForbiddenDials, HostService, ListeningSocket, NameLookup, SandboxInspection } from './inspection.js';
import type { InsideAnswer, InsideQuestion } from './look-inside.js';
import { parseListeners } from './socket-table.js';

/** A sandbox with its own network namespace. */
export interface NamespaceInside {
  /** The command, with arguments, that runs another command inside the namespace. */
  readonly enter: readonly string[];
  /** The agent's resolver address for this sandbox. */
  readonly agentResolver: string;
  /** The host's IPv6 address on the link, with a zone if needed; null: none is known. */
  readonly hostAddress6: string | null;
  /** The resolv.conf of processes inside; null: each has its own. */
  readonly resolverConfig: string | null;
  readonly pids: (signal: AbortSignal) => Promise<readonly number[]>;
  /** Addresses of sandboxes that it must not reach. */
  readonly neighbours: readonly string[];
}

const LOOK_INSIDE = fileURLToPath(new URL('./look-inside.js', import.meta.url));
const MOST_PROCESSES = 64;
const MOST_WAYS = 4;
const MOST_NEIGHBOURS = 16;
const MOST_SERVICES = 64;

/**
 * Inspects network namespaces by running a small program inside them. `find` returns null if the sandbox is not here.
 */
export function inspectNamespaces(find: (sandboxId: SandboxId) => NamespaceInside | null): SandboxInspection {
  const inside = (sandboxId: SandboxId): NamespaceInside => {
    const found = find(sandboxId);
    if (found === null) throw new Error(`${sandboxId} is not on this host`);
    return found;
  };
  return {
    async listeners(sandboxId, signal): Promise<readonly ListeningSocket[]> {
      return parseListeners(await runTool([...inside(sandboxId).enter, 'ss', '-H', '-l', '-t', '-n'], signal));
    },

    async lookUp(sandboxId, name, signal) {
      const sandbox = inside(sandboxId);
      const ways = await resolversInUse(sandbox, signal);
      const lookups = await Promise.all(
        ways.map(async ({ who, servers }): Promise<NameLookup> => {
          if (servers.length === 0) return { who, servers, answer: 'no nameserver is set' };
          const { answer } = await look(sandbox, { kind: 'name', name, servers }, signal);
          return { who, servers, answer };
        }),
      );
      return { kind: 'looked up', agentResolver: sandbox.agentResolver, lookups };
    },

    dialForbidden: async (sandboxId, services, signal) => {
      const sandbox = inside(sandboxId);
      const neighbours = sandbox.neighbours.slice(0, MOST_NEIGHBOURS);
      return dialForbiddenFrom({ ...sandbox, neighbours }, services, null, signal);
    },
  };
}

/** Dials from inside what must not be reachable there. `inPlace`: as in ForbiddenDials. */
export async function dialForbiddenFrom(
  sandbox: Pick<NamespaceInside, 'enter' | 'agentResolver' | 'hostAddress6' | 'neighbours'>,
  services: readonly HostService[],
  inPlace: string | null,
  signal: AbortSignal,
): Promise<ForbiddenDials> {
  const { neighbours } = sandbox;
  const onEvery = [sandbox.agentResolver, sandbox.hostAddress6].filter((address) => address !== null);
  const places = services
    .slice(0, MOST_SERVICES)
    .flatMap(({ address, port }) =>
      (address === null ? onEvery : [address]).map((dialled) => ({ address: dialled, port })),
    );
  const nothing = { neighbours: [], places: [] };
  const isNothing = neighbours.length + places.length === 0;
  const { answer } = isNothing
    ? { answer: nothing }
    : await look(sandbox, { kind: 'dials', neighbours, places }, signal);
  return {
    kind: 'dialled',
    inPlace,
    madeFor: null,
    neighbours: { dialled: neighbours.length, reached: answer.neighbours },
    host: { dialled: places.length, reached: answer.places },
  };
}

async function look<Question extends InsideQuestion>(
  { enter }: Pick<NamespaceInside, 'enter'>,
  question: Question,
  signal: AbortSignal,
): Promise<InsideAnswer<Question>> {
  const printed = await runTool([...enter, process.execPath, LOOK_INSIDE, JSON.stringify(question)], signal);
  return JSON.parse(printed);
}

interface Way {
  readonly who: string;
  readonly servers: readonly string[];
}

/** The distinct lists of nameservers of processes inside; without processes, the list that the next one would get. */
async function resolversInUse(sandbox: NamespaceInside, signal: AbortSignal): Promise<readonly Way[]> {
  const ways = new Map<string, Way>();
  for (const pid of (await sandbox.pids(signal)).slice(0, MOST_PROCESSES)) {
    // Programs that this agent runs inside are not the sandbox's.
    if ((await parentOf(pid)) === process.pid) continue;
    const servers = await nameservers(`/proc/${pid}/root/etc/resolv.conf`);
    if (servers !== null && !ways.has(servers.join())) {
      ways.set(servers.join(), { who: `process ${pid} (${await programOf(pid)})`, servers });
    }
  }
  if (ways.size > 0) return [...ways.values()].slice(0, MOST_WAYS);
  const servers = sandbox.resolverConfig === null ? null : await nameservers(sandbox.resolverConfig);
  return servers === null ? [] : [{ who: 'a process started in it', servers }];
}

/** The nameservers of a resolv.conf(5); null: it cannot be read, because the process has ended or has none. */
async function nameservers(path: string): Promise<readonly string[] | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? null : [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, server = '']) => server);
}

/** The fourth field of /proc/<pid>/stat; the second, in brackets, may contain anything. */
async function parentOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, parent] = /\) \S ([0-9]+) [^)]*$/.exec(text) ?? [];
  return parent === undefined ? null : Number(parent);
}

async function programOf(pid: number): Promise<string> {
  const [program = ''] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return basename(program) || 'gone';
}
