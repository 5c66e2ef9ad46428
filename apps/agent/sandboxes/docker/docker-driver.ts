import { readFileSync } from 'node:fs';
import type { RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { SandboxDirectory } from '#libs/data-plane/data-plane.js';
import { dialSources } from '#libs/data-plane/flows/dial-sources.js';
import { DockerEngine } from '#libs/docker-engine/engine.js';
import { EngineRefusedError } from '#libs/docker-engine/errors.js';
import type { SandboxDriver } from '../driver.js';
import { KeptRules } from '../firewall/kept-rules.js';
import { listRefused } from '../firewall/refused-ports.js';
import { inspectNamespaces, type NamespaceInside } from '../inspection/namespace-inspection.js';
import { makeForeign, makeLocal } from '../local-range.js';
import { Admissions, type AdmittedContainer } from './admissions.js';
import { ensureNetwork, removeNetwork } from './bridge-network.js';
import { type BridgePlan, planBridge } from './bridge-plan.js';
import { bridgeTables } from './bridge-rules.js';
import { leaveQueries } from './container-resolver.js';
import type { DockerSettings } from './docker-settings.js';
import { EngineContainers } from './engine-containers.js';
import { EngineFollower } from './engine-follower.js';
import { reportOf } from './sandbox-report.js';
import { foreignAliases, type TakenContainer, takeContainers } from './take-containers.js';

const DNS_PORT = 53;
/** Each container keeps a neighbour entry for each source; the kernel has room for 1,024 in total (gc_thresh3). */
const DIAL_SOURCES = 16;
/**
 * Takes labelled containers of a Docker Engine, on a bridge network of the agent's own. When the Engine goes away,
 * admitted containers are served as long as their processes live.
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
  private readonly follower: EngineFollower;
  private byAddress = new Map<string, AdmittedContainer>();
  private bySandbox = new Map<SandboxId, AdmittedContainer>();
  private refusals: readonly RefusedSandbox[] = [];
  private proxyRange: string;
  private listener = (): void => {};

  constructor(
    private readonly settings: DockerSettings,
    private readonly onError: (error: unknown) => void,
  ) {
    this.plan = planBridge(settings);
    this.proxyRangeDefault = this.plan.proxyRange;
    this.proxyRange = this.plan.proxyRange;
    this.engine = new DockerEngine(settings.socketPath);
    this.containers = new EngineContainers(this.engine, settings);
    this.follower = new EngineFollower(this.engine, this.containers, this.plan.network, {
      ensureNetwork: () => ensureNetwork(this.engine, this.plan, settings.agentId),
      settle: () => this.settle(),
      faultChanged: () => this.listener(),
      onError,
    });
    this.rules = new KeptRules(bridgeTables(this.plan.bridge), {
      failed: (error) => this.onError(error),
      changed: () => this.listener(),
      reach: () => ({
        sandboxes: [...this.byAddress.keys()],
        resolvers: [this.plan.gateway],
        proxyRange: this.proxyRange,
      }),
    });
    this.admissions = new Admissions(this.plan, () => this.proxyRange, settings.queriesPerSecond, this.rules);
    this.directory = {
      sourceOf: (remote) => this.byAddress.get(remote)?.sandboxId ?? null,
      addressOf: (sandboxId) => this.bySandbox.get(sandboxId)?.link.address ?? null,
      isPaused: (sandboxId) => this.bySandbox.get(sandboxId)?.container.state === 'paused',
    };
  }

  /** Resolves after the first attempt, whether or not the Engine was there. */
  async start(): Promise<void> {
    await this.admissions.closeUnlessInForce().catch((error: unknown) => this.follower.tell(error));
    await this.follower.start();
  }

  inventory(): readonly SandboxReport[] {
    const fault = this.rules.fault();
    return [...this.bySandbox.values()].map((admitted) =>
      reportOf(admitted, this.plan, this.settings.socketPath, fault),
    );
  }

  refused(): readonly RefusedSandbox[] {
    const { fault } = this.follower;
    if (fault === null) return this.refusals;
    const { code, message, remedy } = fault;
    const engine = {
      name: 'Docker Engine',
      sandboxId: null,
      code,
      message: `no other container can become a sandbox now: ${message}`,
    };
    return [...this.refusals, { ...engine, remedy: remedy ?? "read dockerd's log" }];
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
    if (this.follower.isEngineThere) await this.admissions.reload();
  }

  dialSources(proxyRange: string): readonly string[] {
    return dialSources(proxyRange, DIAL_SOURCES);
  }

  refusedConnections() {
    return listRefused(bridgeTables(this.plan.bridge)[1]);
  }

  checkIsolation(): Promise<void> {
    return this.rules.look();
  }

  async close(): Promise<void> {
    await this.follower.close();
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
      hostAddress6: null,
      resolverConfig: null,
      pids: async () => [pid],
      neighbours: [...this.bySandbox.values()].filter((other) => other !== admitted).map(({ link }) => link.address),
    };
  }

  /**
   * Whether a container that just started must be reconnected to lose the service names that compose gave it on the
   * agent's network. If it is on that network only, it resolves names with the agent, so it is left alone: its link
   * would be down for a moment.
   */
  private hasAliasesToLose({ container }: TakenContainer): boolean {
    if (container.endpoints.length === 1 || foreignAliases(container, this.plan.network).length === 0) return false;
    return !this.admissions.isAdmitted(container);
  }

  private async connectAnew(id: string): Promise<void> {
    await this.engine.disconnectContainer(this.plan.network, id);
    await this.engine.connectContainer(this.plan.network, id);
  }

  /** Brings the host to the containers as they were read: connects, admits, and notifies listeners. */
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
    if (notAdmitted.length > 0) this.follower.retryLater();
    if (this.picture() !== before) this.listener();
    await this.admissions.greetNew();
  }

  /** Changes one container at the Engine. A refusal is reported and does not affect other containers. */
  private async change(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof EngineRefusedError)) throw error;
      this.follower.tell(error);
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
}

/**
 * Whether this process's network namespace has the interface; /sys shows the namespace of the process that mounted it.
 */
function hasInterface(name: string): boolean {
  return readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .some((line) => line.trimStart().startsWith(`${name}:`));
}
