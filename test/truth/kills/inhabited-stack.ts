import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReadyReport } from '#apps/all-in-one/stack.js';
import { createClient } from '#libs/api-client/generated/client/index.js';
import { listSandboxes, showNetworkStatus } from '#libs/api-client/generated/index.js';
import { backgroundPid } from '#test/support/background-node.js';
import { CarefulClient } from '#test/support/careful-client.js';
import { freePort } from '#test/support/ports.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { type StackFixture, startStackFixture } from '#test/support/stack-mesh.js';
import { waitFor } from '#test/support/wait.js';
import { Resident } from '../residents.js';
import { childrenOf } from '../signals.js';
import type { Expected } from './left-overs.js';
import { askThroughForward, LocalFlow } from './local-flow.js';
import { FLOWS, type Flow } from './victims.js';

export const NETWORK = 'dev';
const SANDBOXES = ['sbx-web', 'sbx-api', 'sbx-worker'] as const;
type Sandbox = (typeof SANDBOXES)[number];
const DIAL_MS = 1_000;
const HOLD_MS = 5_000;
const SET_UP_MS = 60_000;
const WRITE_PACE_MS = 50;

export interface Condition {
  readonly name: string;
  /** The observed fault; null: everything works. */
  readonly look: () => Promise<string | null>;
}

/**
 * A stack in namespaces that is in use: sandboxes that communicate, a joined machine, a writer, and flows that stay
 * open.
 */
export class InhabitedStack {
  private readonly residents = new Map<Sandbox, Resident>();
  private readonly localFlow = new LocalFlow();
  readonly writer: CarefulClient;
  private isOver = false;
  private writing: Promise<void> = Promise.resolve();
  private writeError: unknown = null;

  private constructor(
    public stack: RunningStack,
    private readonly folder: string,
    private readonly fixture: StackFixture | null,
    private readonly forwardPort: number,
  ) {
    this.writer = new CarefulClient({ url: stack.url, token: stack.token, network: NETWORK });
  }

  static async start(folder: string, isTsnet: boolean): Promise<InhabitedStack> {
    const home = join(folder, 'home');
    // In a separate folder, since it outlives the stack that is killed.
    const port = await freePort();
    const fixture = isTsnet ? await startStackFixture(home, port, 'netns') : null;
    const stack = await startStack({ sandboxes: 'netns', home, port, env: { ...fixture?.env, TMPDIR: folder } });
    const inhabited = new InhabitedStack(stack, folder, fixture, await freePort());
    try {
      await inhabited.setUp();
    } catch (error) {
      await inhabited.end();
      throw error;
    }
    return inhabited;
  }

  get report(): ReadyReport {
    return JSON.parse(readFileSync(join(this.stack.home, 'ready.json'), 'utf8'));
  }

  private async setUp(): Promise<void> {
    const { stack } = this;
    await this.moveIn();
    await makeNetwork(stack, NETWORK, { 'sbx-web': 'web:7000', 'sbx-api': 'api:7000', 'sbx-worker': 'worker:7000' });
    for (const [sandbox, alias] of [
      ['sbx-web', 'web-sample'],
      ['sbx-api', 'api-sample'],
      ['sbx-worker', 'worker-sample'],
    ] as const) {
      await stack.json(['network', 'alias', 'add', NETWORK, sandbox, alias, '--port', '8080']);
    }
    await allow(stack, NETWORK, 'worker', 'api', 7_000);
    await allow(stack, NETWORK, 'web', 'api', 7_000);
    await allow(stack, NETWORK, 'api', 'web', 7_000);
    await allow(stack, NETWORK, 'local', 'api', 7_000);
    for (const alias of ['web-sample', 'api-sample', 'worker-sample']) {
      await allow(stack, NETWORK, 'api', alias, 8_080);
    }
    await this.joinAgain();
    for (const flow of FLOWS) await this.open(flow);
  }

  // What people and machines do again after an end.

  /** Like a person who finds the stack gone: its home, its port. */
  async startAgain(): Promise<void> {
    const { home, url } = this.stack;
    const port = Number(new URL(url).port);
    this.stack = await startStack({
      ...{ sandboxes: 'netns', home, port },
      env: { ...this.fixture?.env, TMPDIR: this.folder },
    });
    await this.moveIn();
  }

  async joinAgain(): Promise<void> {
    await this.stack.json(['mesh', 'join', NETWORK]);
    await this.stack.json(['mesh', 'forward', NETWORK, 'api:7000', '--local', String(this.forwardPort)]);
  }

  private async moveIn(): Promise<void> {
    const client = createClient({ baseUrl: this.stack.url, auth: this.stack.token, throwOnError: true });
    const namespaces = await waitFor(
      'every sandbox runs',
      async () => {
        const { items } = await listSandboxes({ client });
        const found = SANDBOXES.map((id) => items.find((item) => item.id === id && item.status === 'RUNNING'));
        return found.every((item) => item?.namespace) && found.map((item) => item?.namespace ?? '');
      },
      SET_UP_MS,
    );
    for (const resident of this.residents.values()) await resident.stop();
    for (const [index, sandbox] of SANDBOXES.entries()) {
      this.residents.set(sandbox, await Resident.start(sandbox, namespaces[index] ?? ''));
    }
  }

  /** What continues while the stack is stopped. */
  async outsiders(): Promise<Expected> {
    const node = await backgroundPid(this.stack);
    const residents = [...this.residents.values()].map(({ pid }) => pid);
    return { pids: [node, ...childrenOf(node), ...residents], path: 'gstacks-mesh-' };
  }

  // Writes.

  /** Adds and removes a rule repeatedly, until `end`. */
  startWriting(): void {
    const write = async (): Promise<void> => {
      for (let n = 1; !this.isOver; n += 1) {
        const from = `label:written=${n}`;
        const { result } = await this.writer.write('POST', 'rules', { effect: 'deny', from, to: 'api', port: 7_000 });
        await this.writer.write('DELETE', `rules/${result.id}`);
        // At full speed it would take the CPU from everything that recovers.
        await pause(WRITE_PACE_MS);
      }
    };
    this.writing = write().catch((error: unknown) => {
      this.writeError = error;
    });
  }

  async stopWriting(): Promise<void> {
    this.isOver = true;
    await this.writing;
    if (this.writeError !== null) throw this.writeError;
  }

  // How it is.

  /** What must work, each with fresh connections; only later events count as a write. */
  conditions(sinceMs: number): readonly Condition[] {
    return [
      ...this.trafficConditions(),
      this.dialled('from host-b to host-a', 'sbx-api', 'web', 7_000, 'sbx-web'),
      ...['web', 'api', 'worker'].map((alias) =>
        this.dialled(`the sample sandbox of ${alias}`, 'sbx-api', `${alias}-sample`, 8_080, 'HTTP/1.1 400'),
      ),
      { name: 'through the forwarded port', look: () => this.forwarded() },
      { name: 'written and applied', look: () => this.written(sinceMs) },
    ];
  }

  /** The checks that need no record and no bus: connections by name between sandboxes. */
  trafficConditions(): readonly Condition[] {
    return [
      this.dialled('same host', 'sbx-worker', 'api', 7_000, 'sbx-api'),
      this.dialled('from host-a to host-b', 'sbx-web', 'api', 7_000, 'sbx-api'),
      this.dialled('refused where it is denied', 'sbx-web', 'worker', 7_000, 'ECONNRESET'),
    ];
  }

  private dialled(name: string, from: Sandbox, alias: string, port: number, expected: string): Condition {
    return {
      name,
      look: async () => {
        const [dialled] = await this.resident(from).dial([{ name: `${alias}.${NETWORK}.gstacks`, port }], DIAL_MS);
        const seen = dialled === undefined ? '' : dialled.kind === 'answered' ? dialled.by : dialled.why;
        return seen.includes(expected) ? null : seen;
      },
    };
  }

  private async forwarded(): Promise<string | null> {
    const seen = await askThroughForward(this.forwardPort, DIAL_MS);
    return seen === 'sbx-api' ? null : seen;
  }

  /** A write was acknowledged, both agents follow it, and the status shows no fault. */
  private async written(sinceMs: number): Promise<string | null> {
    if (this.writeError !== null) throw this.writeError;
    const first = this.writer.acknowledged.find(({ atMs }) => atMs > sinceMs);
    if (first === undefined) return 'no write is acknowledged';
    const client = createClient({ baseUrl: this.stack.url, auth: this.stack.token, throwOnError: true });
    try {
      const signal = AbortSignal.timeout(DIAL_MS);
      const { agents, localNodes } = await showNetworkStatus({ client, path: { network: NETWORK }, signal });
      const behind = agents.find(
        ({ appliedVersion, mesh, failures, status }) =>
          (appliedVersion ?? 0) < first.version ||
          mesh?.state !== 'joined' ||
          failures.length > 0 ||
          // The next write may have been sent just before.
          (status !== 'SYNCED' && status !== 'PENDING'),
      );
      if (agents.length < 2 || behind !== undefined) {
        return `version ${first.version}: ${JSON.stringify(behind ?? agents)}`;
      }
      const isOnline = localNodes.some(({ status, mesh }) => status === 'ONLINE' && mesh?.state === 'joined');
      return isOnline ? null : `no local node is online: ${JSON.stringify(localNodes)}`;
    } catch (error) {
      return String(error);
    }
  }

  // Connections that stay open.

  async open(flow: Flow): Promise<void> {
    await waitFor(`a connection stays open: ${flow}`, () => this.tryToOpen(flow), SET_UP_MS);
  }

  private async tryToOpen(flow: Flow): Promise<boolean> {
    if (flow === 'local node') return this.localFlow.open(this.forwardPort, HOLD_MS);
    return this.resident(flow === 'same host' ? 'sbx-worker' : 'sbx-web').hold(
      ...([flow, `api.${NETWORK}.gstacks`, 7_000, HOLD_MS] as const),
    );
  }

  /** Those that no longer carry bytes. */
  async endedFlows(): Promise<readonly Flow[]> {
    const echo = await Promise.all(
      FLOWS.map(async (flow) => {
        if (flow === 'local node') return this.localFlow.echoes(HOLD_MS);
        const [state] = await this.resident(flow === 'same host' ? 'sbx-worker' : 'sbx-web').ping([flow], HOLD_MS);
        return state === 'echoes';
      }),
    );
    return FLOWS.filter((_, index) => echo[index] !== true);
  }

  private resident(sandbox: Sandbox): Resident {
    const resident = this.residents.get(sandbox);
    if (resident === undefined) throw new Error(`${sandbox} has no resident`);
    return resident;
  }

  /** Ends everything in order; the home stays. */
  async end(): Promise<void> {
    this.isOver = true;
    this.localFlow.close();
    await this.stack.gstacks('mesh', 'leave', NETWORK);
    for (const resident of this.residents.values()) await resident.stop();
    await this.stack.stop();
    await this.fixture?.fixture.stop();
  }
}
