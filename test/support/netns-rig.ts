import type { ChildProcess } from 'node:child_process';
import { cleanNamespaces } from '#apps/agent/sandboxes/netns/namespaces.js';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { AgentProcess } from './agent-process.js';
import { FakeControlPlane } from './fake-control-plane.js';
import { HostNamespace, inside, ip, nodeInside } from './host-namespace.js';
import { waitFor } from './wait.js';

/**
 * A host with a control plane that others use too, and the agent's name there. The test that created them removes them.
 */
export interface SharedPlace {
  readonly host: HostNamespace;
  readonly plane: FakeControlPlane;
  readonly name: string;
}

/** A host that forwards, an agent there with the driver netns, and a control plane that receives its reports. */
export class NetnsRig {
  private readonly children: ChildProcess[] = [];

  private constructor(
    readonly host: HostNamespace,
    readonly plane: FakeControlPlane,
    readonly agent: AgentProcess,
    private readonly isShared: boolean,
  ) {}

  /** Resolves when these sandboxes are reported. */
  static async start(
    ids: readonly string[],
    more: { readonly [variable: string]: string } = {},
    prepare: (host: HostNamespace) => Promise<unknown> = async () => {},
    shared?: SharedPlace,
  ): Promise<NetnsRig> {
    const host = shared?.host ?? (await HostNamespace.make());
    await prepare(host);
    const plane = shared?.plane ?? (await FakeControlPlane.start(host.machine));
    const agent = new AgentProcess(
      shared?.name ?? 'host-a',
      plane.url,
      {
        GLOBALSTACKS_AGENT_DRIVER: 'netns',
        GLOBALSTACKS_AGENT_NETNS_PREFIX: `${host.name}.`,
        GLOBALSTACKS_MESH_DIRECT_LISTEN: `${host.address}:0`,
        ...more,
      },
      ['nsenter', `--net=/run/netns/${host.name}`],
    );
    const rig = new NetnsRig(host, plane, agent, shared !== undefined);
    agent.setSandboxes(ids.map((id) => ({ id })));
    agent.start();
    try {
      await rig.reported(ids.length);
    } catch (error) {
      await rig.close();
      throw error;
    }
    return rig;
  }

  get prefix(): string {
    return `${this.host.name}.`;
  }

  reported(count: number): Promise<readonly SandboxReport[]> {
    return waitFor(`${count} sandboxes are reported`, () => {
      const sandboxes = this.plane.inventoryOf(this.agent.id)?.sandboxes;
      return sandboxes?.length === count ? sandboxes : undefined;
    });
  }

  report(id: string): SandboxReport {
    const found = this.plane.inventoryOf(this.agent.id)?.sandboxes.find(({ sandboxId }) => sandboxId === id);
    if (found === undefined) throw new Error(`${id} is not reported`);
    return found;
  }

  namespaceOf(id: string): string {
    return this.report(id).namespace ?? '';
  }

  address(id: string): string {
    return this.report(id).address;
  }

  async address6(id: string): Promise<string> {
    const output = await ip('-n', this.namespaceOf(id), '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'global');
    return /inet6 ([0-9a-f:]+)\//.exec(output)?.[1] ?? '';
  }

  /** Runs a command on the host. */
  inHost(...command: readonly string[]) {
    return inside(this.host.name, ...command);
  }

  /** Runs a command in a sandbox. */
  in(id: string, ...command: readonly string[]) {
    return inside(this.namespaceOf(id), ...command);
  }

  /** Starts Node with a script in a sandbox, until the rig is closed. */
  serve(id: string, script: string): ChildProcess {
    return this.keep(nodeInside(this.namespaceOf(id), script));
  }

  /** Ends the process with the rig. */
  keep(child: ChildProcess): ChildProcess {
    this.children.push(child);
    return child;
  }

  /** The agent's table, as nft shows it. */
  async rules(): Promise<string> {
    const { output } = await this.inHost('nft', 'list', 'ruleset');
    return /table inet gstacks_[\s\S]*?\n}/.exec(output)?.[0] ?? '';
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await this.agent.remove();
    await cleanNamespaces(this.prefix);
    if (this.isShared) return;
    await this.plane.close();
    await this.host.remove();
  }
}
