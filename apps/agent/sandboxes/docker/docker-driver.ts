import { existsSync, readFileSync } from 'node:fs';
import type { RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { SandboxDirectory } from '#libs/data-plane/data-plane.js';
import { dialSources } from '#libs/data-plane/flows/dial-sources.js';
import { DockerEngine } from '#libs/docker-engine/engine.js';
import type { EngineEvent } from '#libs/docker-engine/engine-event.js';
import { EngineRefusedError } from '#libs/docker-engine/errors.js';
import type { SandboxDriver } from '../driver.js';
import { KeptRules } from '../firewall/kept-rules.js';
import { inspectNamespaces, type NamespaceInside } from '../inspection/namespace-inspection.js';
import { makeForeign, makeLocal } from '../local-range.js';
import { Admissions, type AdmittedContainer } from './admissions.js';
import { ensureNetwork, removeNetwork } from './bridge-network.js';
import { type BridgePlan, planBridge } from './bridge-plan.js';
import { bridgeTables } from './bridge-rules.js';
import { leaveQueries } from './container-resolver.js';
import type { DockerSettings } from './docker-settings.js';
import { EngineContainers } from './engine-containers.js';
import { watchEngine } from './engine-watch.js';
import { reportOf } from './sandbox-report.js';
import { foreignAliases, type TakenContainer, takeContainers } from './take-containers.js';

const DNS_PORT = 53;
/** Each container keeps a neighbour entry for each, of which the kernel has 1,024 for all together (gc_thresh3). */
const DIAL_SOURCES = 16;
/** What happens to a container that changes what it is to the agent. */
const CHANGES: ReadonlySet<string> = new Set(['start', 'die', 'pause', 'unpause', 'rename', 'destroy']);
/** How often what could not be done is tried again, and containers are looked at while the Engine is away. */
const RETRY_MS = 1_000;

/**
 * Labelled containers of a Docker Engine, on a bridge network of the agent's own. The Engine may come and go: what was
 * admitted is served as long as its processes live.
 */
export function createDockerDriver(settings: DockerSettings, onError: (error: unknown) => void): SandboxDriver {
  return new DockerDriver(settings, onError);
}

class DockerDriver implements SandboxDriver {
  readonly name = 'docker';
  readonly isolation = 'enforced';
  readonly proxyRangeDefault: string;
  readonly directory: SandboxDirectory;
  readonly inspection = inspectNamespaces((sandboxId) => this.insideOf(sandboxId));
  private readonly plan: BridgePlan;
  private readonly engine: DockerEngine;
  private readonly containers: EngineContainers;
  private readonly rules: KeptRules;
  private readonly admissions: Admissions;
  private readonly ending = new AbortController();
  private byAddress = new Map<string, AdmittedContainer>();
  private bySandbox = new Map<SandboxId, AdmittedContainer>();
  private refusals: readonly RefusedSandbox[] = [];
  private proxyRange: string;
  private listener = (): void => {};
  private watching: Promise<void> = Promise.resolve();
  private work: Promise<void> = Promise.resolve();
  /** Ids of containers to be read anew. */
  private readonly changed = new Set<string>();
  private isEngineThere = false;
  private lastFault = '';
  private retry: NodeJS.Timeout | null = null;

  constructor(
    private readonly settings: DockerSettings,
    private readonly onError: (error: unknown) => void,
  ) {
    this.plan = planBridge(settings);
    this.proxyRangeDefault = this.plan.proxyRange;
    this.proxyRange = this.plan.proxyRange;
    this.engine = new DockerEngine(settings.socketPath);
    this.containers = new EngineContainers(this.engine, settings);
    this.rules = new KeptRules(bridgeTables(this.plan.bridge), {
      failed: (error) => this.onError(error),
      changed: () => this.listener(),
      reach: () => ({
        sandboxes: [...this.byAddress.keys()],
        resolvers: [this.plan.gateway],
        proxyRange: this.proxyRange,
      }),
    });
    this.admissions = new Admissions(this.plan, () => this.proxyRange, this.rules);
    this.directory = {
      sourceOf: (remote) => this.byAddress.get(remote)?.sandboxId ?? null,
      addressOf: (sandboxId) => this.bySandbox.get(sandboxId)?.link.address ?? null,
      isPaused: (sandboxId) => this.bySandbox.get(sandboxId)?.container.state === 'paused',
    };
  }

  /** Resolves after the first attempt, whether or not the Engine was there. */
  async start(): Promise<void> {
    await this.admissions.closeUnlessInForce().catch((error: unknown) => this.tell(error));
    const first = Promise.withResolvers<void>();
    this.watching = watchEngine(
      this.engine,
      {
        connected: async () => {
          await this.connected();
          first.resolve();
        },
        happened: (event) => this.happened(event),
        lost: (error) => {
          this.lost(error);
          first.resolve();
        },
      },
      this.ending.signal,
    );
    await first.promise;
  }

  inventory(): readonly SandboxReport[] {
    const fault = this.rules.fault();
    return [...this.bySandbox.values()].map((admitted) =>
      reportOf(admitted, this.plan, this.settings.socketPath, fault),
    );
  }

  refused() {
    return this.refusals;
  }

  clients() {
    return [...this.bySandbox.values()].map(({ sandboxId, link }) => ({ sandboxId, address: link.address }));
  }

  linkRanges(): readonly string[] {
    return [this.plan.subnet];
  }

  dnsListenAddresses(): readonly string[] {
    const { dnsAddress } = this.settings;
    const atGateway = hasInterface(this.plan.bridge) ? [`${this.plan.gateway}:${DNS_PORT}`] : [];
    return dnsAddress === null ? atGateway : [...atGateway, dnsAddress];
  }

  onChange(listener: () => void): void {
    this.listener = listener;
  }

  async prepareProxyRange(range: string): Promise<void> {
    await makeLocal(range);
    this.proxyRange = range;
    if (this.isEngineThere) await this.admissions.reload();
  }

  dialSources(proxyRange: string): readonly string[] {
    return dialSources(proxyRange, DIAL_SOURCES);
  }

  checkIsolation(): Promise<void> {
    return this.rules.look();
  }

  async close(): Promise<void> {
    this.ending.abort();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.watching;
    await this.work;
    await this.rules.close();
    if (!this.settings.removeOnExit) return;
    for (const { container } of this.admissions.current()) await leaveQueries(container.pid).catch(this.onError);
    await removeNetwork(this.engine, this.plan).catch(this.onError);
    await this.rules.remove().catch(this.onError);
    await makeForeign(this.proxyRange);
  }

  private insideOf(sandboxId: SandboxId): NamespaceInside | null {
    const admitted = this.bySandbox.get(sandboxId);
    if (admitted === undefined) return null;
    const { pid } = admitted.container;
    return {
      enter: ['nsenter', `--net=/proc/${pid}/ns/net`],
      agentResolver: this.plan.gateway,
      resolverConfig: null,
      pids: async () => [pid],
      neighbours: [...this.bySandbox.values()].filter((other) => other !== admitted).map(({ link }) => link.address),
    };
  }

  private async connected(): Promise<void> {
    await ensureNetwork(this.engine, this.plan, this.settings.agentId);
    await this.inTurn(async () => {
      await this.containers.readAll();
      this.isEngineThere = true;
      this.lastFault = '';
      await this.settle();
    });
  }

  private happened({ type, action, id, attributes }: EngineEvent): void {
    if (type === 'network') {
      if (action === 'destroy' && attributes.name === this.plan.network) this.soon(() => this.remakeNetwork());
      else if (attributes.container !== undefined) this.reread(attributes.container);
    } else if (CHANGES.has(action)) this.reread(id);
  }

  private lost(error: unknown): void {
    this.isEngineThere = false;
    this.tell(error);
    this.retryLater();
  }

  private reread(id: string): void {
    this.changed.add(id);
    this.soon(() => this.readChanged());
  }

  private async readChanged(): Promise<void> {
    const ids = [...this.changed];
    this.changed.clear();
    if (ids.length === 0) return;
    for (const id of ids) await this.containers.read(id);
    await this.settle();
  }

  /**
   * Whether a container that was just started is to lose service names on the agent's network, which compose gives it
   * there. On that network alone it asks the agent for names, and is left as it is: its link would be down for a moment.
   */
  private hasAliasesToLose({ container }: TakenContainer): boolean {
    if (container.endpoints.length === 1 || foreignAliases(container, this.plan.network).length === 0) return false;
    return !this.admissions.isAdmitted(container);
  }

  private async connectAnew(id: string): Promise<void> {
    await this.engine.disconnectContainer(this.plan.network, id);
    await this.engine.connectContainer(this.plan.network, id);
  }

  private async remakeNetwork(): Promise<void> {
    await ensureNetwork(this.engine, this.plan, this.settings.agentId);
    await this.settle();
  }

  /** Makes the host follow the containers as they were read: connects, admits, and tells whoever listens. */
  private async settle(): Promise<void> {
    const before = this.picture();
    let takings = this.take();
    for (const { container } of takings.taken.filter((taken) => this.hasAliasesToLose(taken))) {
      await this.change(container.id, () => this.connectAnew(container.id));
    }
    for (const { id } of takings.toConnect) {
      await this.change(id, () => this.engine.connectContainer(this.plan.network, id));
    }
    takings = this.take();
    const notAdmitted = await this.admissions.admit(takings.taken);
    const admitted = this.admissions.current();
    this.bySandbox = new Map(admitted.map((container) => [container.sandboxId, container]));
    this.byAddress = new Map(admitted.map((container) => [container.link.address, container]));
    this.refusals = [...takings.refused, ...notAdmitted];
    if (notAdmitted.length > 0) this.retryLater();
    if (this.picture() !== before) this.listener();
  }

  /** Changes one container at the Engine; a refusal is told, and holds up no other container. */
  private async change(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof EngineRefusedError)) throw error;
      this.tell(error);
    }
    await this.containers.read(id);
  }

  private take() {
    const { agentId, network } = this.settings;
    const holders = new Map([...this.bySandbox].map(([sandboxId, { container }]) => [sandboxId, container.id]));
    return takeContainers(this.containers.all(), { agentId, network, holders });
  }

  private picture(): string {
    return JSON.stringify([this.inventory(), this.refusals, this.dnsListenAddresses()]);
  }

  private retryLater(): void {
    if (this.retry !== null || this.ending.signal.aborted) return;
    this.retry = setTimeout(() => {
      this.retry = null;
      this.soon(() => this.lookAgain());
    }, RETRY_MS);
  }

  private async lookAgain(): Promise<void> {
    if (this.isEngineThere) {
      await this.containers.readAll();
      await this.settle();
      return;
    }
    // The Engine cannot be asked, but the kernel shows whose processes have ended.
    if (this.containers.keep(({ pid }) => existsSync(`/proc/${pid}/ns/net`))) await this.settle();
    this.retryLater();
  }

  private soon(work: () => Promise<void>): void {
    void this.inTurn(work).catch((error: unknown) => {
      this.tell(error);
      this.retryLater();
    });
  }

  /** One change at a time. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.work.then(async () => {
      if (!this.ending.signal.aborted) await work();
    });
    this.work = done.catch(() => {});
    return done;
  }

  /** Once for as long as it stays the same. */
  private tell(error: unknown): void {
    const fault = error instanceof CodedError ? `${error.code} ${error.message}` : String(error);
    if (fault === this.lastFault) return;
    this.lastFault = fault;
    this.onError(error);
  }
}

/** Whether the network namespace of this process has it; /sys shows that of the process that mounted it. */
function hasInterface(name: string): boolean {
  return readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .some((line) => line.trimStart().startsWith(`${name}:`));
}
