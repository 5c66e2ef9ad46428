import type { InventoryMessage, RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { AgentProcess } from './agent-process.js';
import { DockerHost, type Finished } from './docker-host.js';
import { FakeControlPlane } from './fake-control-plane.js';
import { waitFor } from './wait.js';

/** The time within which the inventory has to follow the Engine. */
const FOLLOWS_WITHIN_MS = 2_000;

/** A host with dockerd and an agent, and a control plane that receives the agent's reports. */
export class DockerRig {
  private closing: Promise<void> | null = null;

  private constructor(
    readonly docker: DockerHost,
    readonly plane: FakeControlPlane,
    readonly agent: AgentProcess,
    private readonly ownsPlane: boolean,
  ) {}

  static async start(
    more: { readonly [variable: string]: string } = {},
    options: {
      readonly daemon?: readonly string[];
      readonly name?: string;
      readonly docker?: DockerHost;
      readonly plane?: FakeControlPlane;
    } = {},
  ): Promise<DockerRig> {
    const docker = options.docker ?? (await DockerHost.make(options.daemon));
    const plane = options.plane ?? (await FakeControlPlane.start(docker.host.machine));
    const agent = new AgentProcess(
      options.name ?? 'host-a',
      plane.url,
      {
        GLOBALSTACKS_AGENT_DRIVER: 'docker',
        GLOBALSTACKS_AGENT_DOCKER_SOCKET: docker.socketPath,
        GLOBALSTACKS_AGENT_SANDBOXES: '',
        GLOBALSTACKS_MESH_DIRECT_LISTEN: `${docker.host.address}:0`,
        ...more,
      },
      docker.under,
    );
    const rig = new DockerRig(docker, plane, agent, options.plane === undefined);
    try {
      agent.start();
      await agent.logged('agent started');
    } catch (error) {
      await rig.close();
      throw error;
    }
    return rig;
  }

  /** The agent's last report. */
  get inventory(): InventoryMessage | undefined {
    return this.plane.inventoryOf(this.agent.id);
  }

  report(id: string): SandboxReport | undefined {
    return this.inventory?.sandboxes.find(({ sandboxId }) => sandboxId === id);
  }

  /** The report of a sandbox, once it matches; a failure shows the last report. */
  async reported(
    id: string,
    isSo: (report: SandboxReport) => boolean = () => true,
    withinMs = FOLLOWS_WITHIN_MS,
  ): Promise<SandboxReport> {
    const probe = () => {
      const report = this.report(id);
      return report !== undefined && isSo(report) ? report : undefined;
    };
    return waitFor(`${id} is reported as it is: ${isSo}`, probe, withinMs).catch((error: unknown) => {
      throw new Error(`${id} was last reported as ${JSON.stringify(this.report(id))}`, { cause: error });
    });
  }

  gone(id: string): Promise<true> {
    return waitFor(`${id} is gone`, () => this.report(id) === undefined, FOLLOWS_WITHIN_MS);
  }

  refused(name: string, code: string): Promise<RefusedSandbox> {
    return waitFor(
      `the container ${name} is refused: ${code}`,
      () => this.inventory?.refused.find((refusal) => refusal.name === name && refusal.code === code),
      FOLLOWS_WITHIN_MS,
    );
  }

  /** One request from inside a container. */
  curl(from: string, url: string, ...options: readonly string[]): Promise<Finished> {
    return this.docker.exec(from, 'curl', '-sS', '-m', '5', ...options, url);
  }

  /**
   * Opens a connection that stays open, and resolves when its first bytes have arrived; `ended` resolves when it has
   * ended.
   */
  async hold(from: string, url: string): Promise<{ readonly ended: Promise<Finished> }> {
    const { child, ended } = this.docker.start('exec', from, 'curl', '-sSN', '-m', '30', url);
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += String(chunk);
    });
    await waitFor(`${url} answers`, () => output.includes('from '));
    return { ended };
  }

  /** Ends everything that `start` started. A second call ends nothing more, for example after a failed start. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await this.agent.remove();
    if (this.ownsPlane) await this.plane.close();
    await this.docker.remove();
  }
}
