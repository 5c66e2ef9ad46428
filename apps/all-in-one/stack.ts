import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadBusAuthority } from '#libs/bus/authority.js';
import { CodedError } from '#libs/contracts/errors.js';
import { takeLock } from '#libs/program/lock.js';
import { writeWhole } from '#libs/program/write-whole.js';
import { type AddressBlock, takeAddressBlock } from './address-block.js';
import { type AgentPlace, agentPlaces } from './agent-places.js';
import { ControlPlaneClient } from './control-plane-client.js';
import { requireFreePort } from './free-ports.js';
import { type Home, openHome, readJson } from './home.js';
import { type HostNamespace, makeHostNamespaces, removeHostNamespaces } from './host-namespaces.js';
import { LogFile } from './log-file.js';
import { logLine } from './log-lines.js';
import { obtainMeshProgram } from './mesh-node.js';
import { obtainNatsServer } from './nats-server.js';
import { PidFiles } from './pid-files.js';
import { type InnerPorts, innerPorts, keepPorts } from './ports.js';
import { preparePostgres } from './postgres.js';
import type { ProcessSpec } from './process-spec.js';
import { agentProcess, controlPlaneProcess, natsProcess, postgresProcess, sandboxProcess } from './processes.js';
import { removeUnreadableAccounts } from './readable-accounts.js';
import { SampleContainers } from './sample-containers.js';
import { AGENTS, type AgentName, type SampleSandbox, sampleSandboxes, writeSandboxFiles } from './sample-sandboxes.js';
import type { AllInOneSettings } from './settings.js';
import { type ProcessNotReadyError, SupervisedProcess } from './supervised-process.js';

const OWN_NAME = 'all-in-one';
const LOOPBACK = '127.0.0.1';
const SANDBOXES_TIMEOUT_MS = 60_000;
const MESH_TIMEOUT_MS = 10_000;

class StoppedError extends CodedError {}
class AlreadyRunningError extends CodedError {}

/**
 * Everything on one machine. Starts in this order: Postgres, NATS, control plane, agents, sandboxes. Stops all at once,
 * except Postgres, which the others write to until they end.
 */
export class Stack {
  private readonly processes: SupervisedProcess[] = [];
  private readonly undo: (() => Promise<void>)[] = [];
  private readonly home: Home;
  private readonly pidFiles: PidFiles;
  private readonly stopping = new AbortController();
  private stopped: Promise<void> = Promise.resolve();
  private readonly say: (line: string) => void;

  /** `print` shows lines to the user; they also go to a log of the stack's own. */
  constructor(
    private readonly settings: AllInOneSettings,
    private readonly clone: string,
    print: (line: string) => void,
  ) {
    this.home = openHome(settings.home);
    this.pidFiles = new PidFiles(this.home.run);
    const lineOf = (text: string): string => logLine(OWN_NAME, text, new Date());
    const log = new LogFile(join(this.home.logs, `${OWN_NAME}.log`), settings.logs, print, lineOf);
    this.say = (line) => {
      print(line);
      log.write(lineOf(line));
    };
  }

  /** Resolves when every sandbox answers, with the content of the ready block. */
  async start(): Promise<StartedStack> {
    const { home, settings } = this;
    this.takeHome();
    const orphans = await this.pidFiles.endOrphans(OWN_NAME);
    if (orphans.length > 0) this.say(`ended what an earlier start left running: ${orphans.join(', ')}`);
    await requireFreePort(
      LOOPBACK,
      settings.port,
      `stop that process, or choose another port: npm start -- --port ${settings.port + 1}`,
    );
    const natsServer = await obtainNatsServer(join(this.clone, '.cache'), this.say);
    if (settings.mesh.transport === 'tsnet') await this.buildMeshNode();
    const { ports, block } = await this.takeAddresses();
    const hosts = settings.sandboxes === 'netns' ? await this.makeHosts(block) : null;
    const containers = settings.sandboxes === 'docker' ? await this.openContainers(block) : null;
    const machine = hosts === null ? LOOPBACK : block.link.machine;

    const databaseUrl = await this.startPostgres(ports);
    const natsUrl = await this.startNats(natsServer, machine, ports);

    const url = `http://${LOOPBACK}:${settings.port}`;
    const token = this.adminToken(url);
    const client = new ControlPlaneClient(url, token);
    const listen = [...new Set([LOOPBACK, machine])].map((address) => `${address}:${settings.port}`);
    const bootstrapTokenFile = home.file('keys/bootstrap-token');
    await this.run(
      controlPlaneProcess(home, { databaseUrl, natsUrl, listen, bootstrapTokenFile, mesh: settings.mesh }, client),
    );

    const sandboxes = sampleSandboxes(block);
    writeSandboxFiles(home, sandboxes, settings.sandboxes);
    const controlPlaneUrl = `http://${machine}:${settings.port}`;
    const bridges = containers?.bridges ?? null;
    const places = agentPlaces({ block, ports, hosts, bridges, controlPlaneUrl }, LOOPBACK);
    const running = new Map<AgentName, SupervisedProcess>();
    for (const place of places) {
      const token = await this.enrollmentToken(place.name, client);
      running.set(place.name, await this.run(agentProcess(home, place, token, settings.mesh)));
    }
    const down = await this.startSandboxes(sandboxes, containers, client, running);
    const up = AGENTS.filter((name) => !down.has(name));
    const outside = await client.waitForMesh(up, MESH_TIMEOUT_MS);
    for (const why of outside) this.say(`not in the mesh yet; it keeps trying: ${why}`);
    if (outside.length > 0) this.say('see: gstacks mesh doctor');
    const agents = places.map(({ name, dnsAddress, proxyRange, meshEndpoint }) => ({
      name,
      dnsAddress,
      proxyRange,
      meshEndpoint,
    }));
    const report: ReadyReport = { url, home: home.folder, natsUrl, ports, agents, sandboxes, clone: this.clone };
    writeWhole(home.file('ready.json'), `${JSON.stringify(report, null, 2)}\n`, 0o644);
    return { ...report, down: [...down.values()].map(describe), consoleLink: await client.consoleLink() };
  }

  /**
   * Stops every child, Postgres last, and removes what was made for them; nothing is left running. Called again, it
   * does the same for what was started since.
   */
  stop(): Promise<void> {
    this.stopping.abort();
    this.stopped = this.stopped.then(() => this.stopAll());
    return this.stopped;
  }

  private async stopAll(): Promise<void> {
    const [postgres, ...others] = this.processes.splice(0);
    await Promise.all(others.map((process) => process.stop()));
    await postgres?.stop();
    // If one step fails, the others are still run.
    for (const step of this.undo.splice(0).reverse()) {
      await step().catch((error: unknown) => this.say(`a step could not be undone: ${describe(error)}`));
    }
  }

  /**
   * Builds the program for the mesh transport tsnet if it is missing. Error: MeshNodeMissingError. Unless tsnet is
   * selected, a failed build is only logged.
   */
  async buildMeshNode(): Promise<void> {
    if (this.settings.hasMeshNode) return;
    const building = obtainMeshProgram('mesh-node', this.clone, this.say, this.stopping.signal);
    if (this.settings.mesh.transport === 'tsnet') return void (await building);
    await building.catch((error: unknown) => {
      if (this.isStopping) return;
      this.say(describe(error));
    });
  }

  private async startPostgres(ports: InnerPorts): Promise<string> {
    const postgres = await preparePostgres({
      dataFolder: this.home.postgres,
      port: ports.postgres,
      passwordFile: this.home.file('keys/postgres-password'),
    });
    await this.run(postgresProcess(postgres));
    return postgres.url('postgres');
  }

  private async startNats(program: string, host: string, ports: InnerPorts): Promise<string> {
    const config = this.home.file('nats/nats.conf');
    const authority = loadBusAuthority(this.home.keys);
    removeUnreadableAccounts(this.home.file('nats/jwt'));
    writeWhole(
      config,
      await authority.serverConfig({ host, port: ports.nats, jwtFolder: this.home.file('nats/jwt') }),
      0o600,
    );
    await this.run(natsProcess(program, config, host, ports.nats));
    return `nats://${host}:${ports.nats}`;
  }

  /** Only one stack per home folder: two would share a database. */
  private takeHome(): void {
    const attempt = takeLock(join(this.home.run, OWN_NAME));
    if (attempt.kind === 'held') {
      const owner = attempt.pid === null ? '' : ` (pid ${attempt.pid})`;
      throw new AlreadyRunningError(
        'ALREADY_RUNNING',
        `a stack with home ${this.home.folder} is already running${owner}`,
        'stop it, or choose another home: npm start -- --home DIR --port N',
      );
    }
    this.undo.push(async () => {
      rmSync(this.home.file('ready.json'), { force: true });
      attempt.lock.release();
    });
  }

  private async takeAddresses(): Promise<{ ports: InnerPorts; block: AddressBlock }> {
    const drawn = await innerPorts(this.home, this.settings.port);
    const block = await takeAddressBlock(drawn.addressBlock);
    this.undo.push(async () => block.release());
    const ports = { ...drawn, addressBlock: block.index };
    keepPorts(this.home, ports);
    const remedy = `stop that process, or delete ${this.home.file('ports.json')} so that the next start chooses other ports`;
    for (const port of [ports.postgres, ports.nats, ...ports.mesh]) await requireFreePort(LOOPBACK, port, remedy);
    return { ports, block };
  }

  private async makeHosts(block: AddressBlock): Promise<readonly HostNamespace[]> {
    const hosts = await makeHostNamespaces(block, AGENTS);
    this.undo.push(() => removeHostNamespaces(block, AGENTS));
    return hosts;
  }

  /** The path of a file with a new one-time token, for an agent that the control plane does not know. */
  private async enrollmentToken(agent: string, client: ControlPlaneClient): Promise<string> {
    const file = this.home.file(`agents/${agent}.enrollment-token`);
    const known = existsSync(this.home.agentState(agent)) && (await client.isEnrolled(agent));
    if (!known) writeWhole(file, `${await client.enrollmentToken(agent)}\n`, 0o600);
    return file;
  }

  private async openContainers(block: AddressBlock): Promise<SampleContainers> {
    const containers = new SampleContainers(this.settings.dockerSocket, block, this.home.folder);
    await containers.requireEngine();
    this.undo.push(() => containers.remove(sampleSandboxes(block)));
    return containers;
  }

  /** Resolves with the agents that cannot run, and why; their sandboxes are not awaited. */
  private async startSandboxes(
    sandboxes: readonly SampleSandbox[],
    containers: SampleContainers | null,
    client: ControlPlaneClient,
    agents: ReadonlyMap<AgentName, SupervisedProcess>,
  ): Promise<ReadonlyMap<AgentName, ProcessNotReadyError>> {
    await containers?.start(sandboxes, this.say);
    const failures = () =>
      new Map([...agents].flatMap(([name, { failure }]) => (failure === null ? [] : [[name, failure] as const])));
    const isAwaited = ({ agent }: SampleSandbox): boolean => !failures().has(agent);
    const namespaces = await client.waitForSandboxes(
      () => sandboxes.filter(isAwaited).map(({ id }) => id),
      SANDBOXES_TIMEOUT_MS,
      (missing) =>
        this.say(`still waiting for ${missing.join(', ')} to be reported by the agents; their logs: ${this.home.logs}`),
    );
    const down = failures();
    if (containers !== null) return down;
    for (const { id, address, agent } of sandboxes) {
      const namespace = namespaces.get(id) ?? null;
      if (namespace === null && this.settings.sandboxes === 'netns' && down.has(agent)) continue;
      await this.run(sandboxProcess(id, namespace === null ? { address } : { namespace }));
    }
    return down;
  }

  /** The token of the CLI's context, from which the control plane also makes its first admin. */
  private adminToken(url: string): string {
    const file = this.home.file('keys/bootstrap-token');
    const kept = readJson(this.home.file('context.json'));
    const token =
      typeof kept === 'object' && kept !== null && 'token' in kept && typeof kept.token === 'string' && existsSync(file)
        ? kept.token
        : `gst_${randomBytes(32).toString('base64url')}`;
    writeWhole(file, `${token}\n`, 0o600);
    writeWhole(this.home.file('context.json'), `${JSON.stringify({ url, token })}\n`, 0o600);
    return token;
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(spec: ProcessSpec): Promise<SupervisedProcess> {
    if (this.isStopping) throw new StoppedError('STOPPED', `${spec.name} is not started: the stack is being stopped`);
    const began = performance.now();
    const log = join(this.home.logs, `${spec.name}.log`);
    const child = new SupervisedProcess(spec, log, this.pidFiles, this.say, this.settings.logs);
    this.processes.push(child);
    await child.start();
    this.say(`${spec.name}: running after ${Math.round(performance.now() - began)} ms`);
    return child;
  }
}

function describe(error: unknown): string {
  if (error instanceof CodedError) return error.remedy === null ? error.message : `${error.message}; ${error.remedy}`;
  return String(error);
}

/** The link is a secret and not written to any file. */
export interface StartedStack extends ReadyReport {
  /** What does not run, why, and what to do; one line each. */
  readonly down: readonly string[];
  readonly consoleLink: string;
}

export interface ReadyReport {
  readonly url: string;
  readonly home: string;
  readonly natsUrl: string;
  readonly ports: InnerPorts;
  /** null: chosen by the agent's driver. */
  readonly agents: readonly Pick<AgentPlace, 'name' | 'dnsAddress' | 'proxyRange' | 'meshEndpoint'>[];
  readonly sandboxes: readonly SampleSandbox[];
  readonly clone: string;
}
