import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { ReadyReport } from '#apps/all-in-one/stack.js';
import { createClient } from '#libs/api-client/generated/client/index.js';
import { listSandboxes } from '#libs/api-client/generated/index.js';
import { ip } from '#test/support/host-namespace.js';
import { ownClocks } from '#test/support/own-clocks.js';
import { databaseUrl } from '#test/support/record.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';
import { Outside } from './outside.js';
import { HOST_OF, HOSTS, type Host, isSandbox, type Process, SANDBOXES, type Sandbox } from './places.js';
import { Resident } from './residents.js';
import { childrenOf, sendSignal } from './signals.js';

const run = promisify(execFile);

/** A limit that one sandbox of the truth test can reach. */
export const FLOWS_PER_SANDBOX = 40;
const RUNS_AGAIN_MS = 30_000;
const READY_MS = 60_000;

/** The real stack in namespaces, the operations on it, and a resident in each sandbox. */
export class Rig {
  private residents = new Map<Sandbox, Resident>();
  private outside: Outside | null = null;

  /** The stack's address block on this machine; also while it is stopped. */
  private addressBlock: number;

  private constructor(
    public stack: RunningStack,
    private readonly clocks: string,
  ) {
    this.addressBlock = this.readyReport().ports.addressBlock;
  }

  static async start(folder: string): Promise<Rig> {
    const clocks = join(folder, 'clocks');
    mkdirSync(clocks, { recursive: true });
    for (const host of HOSTS) writeFileSync(join(clocks, `agent-${host}`), '+0\n');
    writeFileSync(join(clocks, 'control-plane'), '+0\n');
    const rig = new Rig(
      await startStack({ sandboxes: 'netns', home: join(folder, 'home'), env: ownClocks(clocks) }),
      clocks,
    );
    await rig.playOutside();
    await rig.moveIn();
    return rig;
  }

  async stop(): Promise<void> {
    await this.moveOut();
    await this.outside?.close();
    await this.stack.remove();
  }

  /** Ends every process of the stack in order; the home stays. */
  async stopStack(): Promise<void> {
    await this.moveOut();
    await this.stack.stop();
  }

  async startStackAgain(): Promise<void> {
    const { home, url } = this.stack;
    const port = Number(new URL(url).port);
    this.stack = await startStack({ sandboxes: 'netns', home, port, env: ownClocks(this.clocks) });
    this.addressBlock = this.readyReport().ports.addressBlock;
    await this.playOutside();
    await this.moveIn();
  }

  resident(sandbox: Sandbox): Resident {
    const resident = this.residents.get(sandbox);
    if (resident === undefined) throw new Error(`${sandbox} has no resident`);
    return resident;
  }

  // Processes.

  /** Its present pid; null during a restart. */
  pid(process: Process): number | null {
    try {
      return this.stack.pid(process);
    } catch {
      return null;
    }
  }

  /** Sends the signal; returns the process's pid, or null if it does not run now. */
  signal(name: Process, signal: NodeJS.Signals): number | null {
    const pid = this.pid(name);
    if (pid === null) return null;
    for (const each of name === 'postgres' ? [pid, ...childrenOf(pid)] : [pid]) sendSignal(each, signal);
    return pid;
  }

  /** Stops the process; returns its pid, or null if it does not run now. */
  async stopProcess(name: Process): Promise<number | null> {
    const pid = this.pid(name);
    if (pid !== null) await stopProcesses(...(name === 'postgres' ? [pid, ...childrenOf(pid)] : [pid]));
    return pid;
  }

  /** Until the supervisor has restarted the process. */
  async runsAgain(name: Process, earlier: number | null): Promise<void> {
    await waitFor(
      `${name} runs again`,
      () => {
        const pid = this.pid(name);
        return pid !== null && pid !== earlier && existsSync(`/proc/${pid}`);
      },
      RUNS_AGAIN_MS,
    );
  }

  async isReady(): Promise<boolean> {
    const response = await fetch(`${this.stack.url}/readyz`, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    return response?.ok === true;
  }

  async ready(): Promise<void> {
    await waitFor('the control plane is ready', () => this.isReady(), READY_MS);
  }

  // Clocks and settings.

  /** Sets the offset of a process's clock from now on, in libfaketime's notation, such as `+2h`. */
  setClock(name: Process, offset: string): void {
    writeFileSync(join(this.clocks, name), `${offset}\n`);
  }

  /** Additional variables of an agent, from its next start on. */
  setVariables(host: Host, variables: { readonly [name: string]: string }): void {
    const all = {
      GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX: String(FLOWS_PER_SANDBOX),
      GLOBALSTACKS_AGENT_DNS_UPSTREAMS: this.outside?.upstream ?? 'refuse',
      ...variables,
    };
    writeFileSync(join(this.clocks, `agent-${host}.json`), JSON.stringify(all));
  }

  // Hosts.

  stateFile(host: Host, name: string): string {
    return join(this.stack.home, 'agents', host, name);
  }

  /** What the host's namespace drops from now on: all packets to that address. */
  async blackhole(host: Host, address: string): Promise<void> {
    await ip('-n', this.hostNamespace(host), 'route', 'replace', 'blackhole', `${address}/32`);
  }

  async clearBlackhole(host: Host, address: string): Promise<void> {
    await ip('-n', this.hostNamespace(host), 'route', 'del', 'blackhole', `${address}/32`).catch(() => {});
  }

  addressOf(place: Host | 'machine'): string {
    const last = place === 'machine' ? 1 : HOSTS.indexOf(place) + 2;
    return `10.${100 + this.addressBlock}.0.${last}`;
  }

  /** The address at which peers reach the agent. */
  meshEndpoint(host: Host): string {
    const endpoint = this.readyReport().agents.find(({ name }) => name === host)?.meshEndpoint;
    if (endpoint === undefined) throw new Error(`${host} is not in the ready report`);
    return endpoint;
  }

  private hostNamespace(host: Host): string {
    return `gs${this.addressBlock}.${host}`;
  }

  // The record.

  /** Copies the database's files under this name, and replaces an earlier copy. */
  async copyDatabase(name: string): Promise<void> {
    await this.stopProcess('control-plane');
    try {
      await this.asSuperuser(async (query) => {
        await query(`DROP DATABASE IF EXISTS ${name}`);
        await endConnections(query);
        await query(`CREATE DATABASE ${name} TEMPLATE postgres`);
      });
    } finally {
      this.signal('control-plane', 'SIGCONT');
    }
  }

  /** Replaces the database with the copy, for the next start of the control plane. */
  async putBack(name: string): Promise<void> {
    await this.stopProcess('control-plane');
    await this.asSuperuser(async (query) => {
      await endConnections(query);
      await query('ALTER DATABASE postgres RENAME TO replaced');
      await query(`CREATE DATABASE postgres TEMPLATE ${name}`);
      await query('DROP DATABASE replaced WITH (FORCE)');
    });
    const pid = this.signal('control-plane', 'SIGKILL');
    await this.runsAgain('control-plane', pid);
    await this.ready();
  }

  /** Copies the data folder of a stopped stack away, or back. */
  async copyDataFolder(direction: 'aside' | 'back'): Promise<void> {
    const [from, to] = direction === 'aside' ? ['postgres', 'postgres-copy'] : ['postgres-copy', 'postgres'];
    rmSync(join(this.stack.home, to), { recursive: true, force: true });
    await run('cp', ['--archive', join(this.stack.home, from), join(this.stack.home, to)]);
  }

  private async asSuperuser(work: (query: (text: string) => Promise<unknown>) => Promise<void>): Promise<void> {
    const connectionString = databaseUrl(this.stack).replace(/[^/]*$/, 'template1');
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      await work((text) => client.query(text));
    } finally {
      await client.end();
    }
  }

  /** For each new bridge. The agents learn its address when they start. */
  private async playOutside(): Promise<void> {
    const before = this.outside?.upstream;
    await this.outside?.close();
    this.outside = await Outside.play(this.addressBlock);
    if (this.outside.upstream === before) return;
    for (const host of HOSTS) {
      this.setVariables(host, {});
      await this.runsAgain(`agent-${host}`, this.signal(`agent-${host}`, 'SIGKILL'));
    }
  }

  private readyReport(): ReadyReport {
    return JSON.parse(readFileSync(join(this.stack.home, 'ready.json'), 'utf8'));
  }

  // Residents.

  /** Adds the sandboxes that the stack does not have, and a resident to each. */
  private async moveIn(): Promise<void> {
    for (const host of HOSTS) {
      const entries = SANDBOXES.filter((sandbox) => HOST_OF[sandbox] === host).map((sandbox) => `- id: ${sandbox}\n`);
      writeFileSync(join(this.stack.home, 'sandboxes', `${host}.yaml`), entries.join(''));
    }
    const client = createClient({ baseUrl: this.stack.url, auth: this.stack.token, throwOnError: true });
    const namespaces = await waitFor(
      'all sandboxes run',
      async () => {
        const { items } = await listSandboxes({ client });
        const running = items.flatMap(({ id, status, namespace }) =>
          isSandbox(id) && status === 'RUNNING' && namespace !== null ? [[id, namespace] as const] : [],
        );
        return running.length === SANDBOXES.length && running;
      },
      READY_MS,
    );
    for (const [, namespace] of namespaces) await linkIsUp(namespace);
    const residents = await Promise.all(
      namespaces.map(async ([sandbox, namespace]) => [sandbox, await Resident.start(sandbox, namespace)] as const),
    );
    this.residents = new Map(residents);
  }

  private async moveOut(): Promise<void> {
    await Promise.all([...this.residents.values()].map((resident) => resident.stop()));
    this.residents.clear();
  }
}

async function endConnections(query: (text: string) => Promise<unknown>): Promise<void> {
  await query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'postgres'");
}

/** A sandbox may be reported as running before its agent has created its namespace again. */
async function linkIsUp(namespace: string): Promise<void> {
  await waitFor(
    `${namespace} has a link`,
    async () => /state (UP|UNKNOWN)/.test(await ip('-n', namespace, 'link', 'show', 'eth0').catch(() => '')),
    RUNS_AGAIN_MS,
  );
}
