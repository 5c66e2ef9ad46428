import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markedBlock } from './documents.js';
import type { HostNamespace } from './host-namespace.js';
import { freePort } from './ports.js';
import { certifyServer } from './private-authority.js';
import type { Ran, Running } from './stack.js';
import { waitFor } from './wait.js';

/** Where packages are installed: commands of theirs run there, without the source tree. */
export interface Machine {
  start(command: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Runs lines of a shell to their end, and fails when one of them does. */
  shell(script: string, env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Where a process of the test finds a file of the machine. */
  path(file: string): string;
}

/** Folders on a machine, as the blocks of docs/deploy.md name them. */
export interface Places {
  readonly etc: string;
  readonly state: string;
}

/** A control plane and hosts, set up by the blocks of docs/deploy.md on machines that have the packages. */
export class Deployment {
  private constructor(
    private readonly control: Machine,
    readonly places: Places,
    /** What the blocks use. */
    readonly variables: { readonly [name: string]: string },
  ) {}

  /** Brings the certificates and follows the block of the control plane. Agents reach it at `address`. */
  static async configure(
    control: Machine,
    places: Places,
    address: string,
    database: string,
    folder: string,
  ): Promise<Deployment> {
    const { caFile, certificateFile, keyFile } = await certifyServer(folder, address);
    const etc = control.path(places.etc);
    mkdirSync(etc, { recursive: true });
    copyFileSync(caFile, join(etc, 'ca.pem'));
    copyFileSync(certificateFile, join(etc, 'bus.pem'));
    copyFileSync(keyFile, join(etc, 'bus.key'));
    const variables = {
      ETC: places.etc,
      STATE: places.state,
      ADDRESS: address,
      HTTP: String(await freePort(address)),
      BUS: String(await freePort(address)),
      DATABASE: database,
    };
    const deployment = new Deployment(control, places, variables);
    await deployment.follow('control plane');
    return deployment;
  }

  /** Runs a block of docs/deploy.md on the control plane's machine. */
  follow(mark: string): Promise<Ran> {
    return this.control.shell(markedBlock('deploy.md', `deploy: ${mark}`), this.variables);
  }

  get url(): string {
    return `http://${this.variables.ADDRESS}:${this.variables.HTTP}`;
  }

  async waitUntilReady(controlPlane: Running): Promise<void> {
    const isReady = () =>
      fetch(`${this.url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor('the control plane is ready', isReady, 120_000).catch((error: unknown) => {
      throw new Error(`${error}\n${controlPlane.stdout()}${controlPlane.stderr()}`);
    });
  }

  /**
   * Runs on the host the line that `gstacks agent enroll` prints, with what this host needs besides. The host has the
   * authority of the bus in `places.etc`. Resolves with what the host's command printed.
   */
  async enrol(
    agent: string,
    host: HostNamespace,
    on: Machine,
    places: Places,
    sandboxes: readonly string[],
    authority = join(places.etc, 'ca.pem'),
  ): Promise<string> {
    mkdirSync(on.path(places.etc), { recursive: true });
    const file = join(places.etc, 'sandboxes.yaml');
    writeFileSync(on.path(file), JSON.stringify(sandboxes.map((id) => ({ id }))));
    const settings = {
      GLOBALSTACKS_AGENT_SANDBOXES: file,
      GLOBALSTACKS_AGENT_NETNS_PREFIX: `${host.name}.`,
      GLOBALSTACKS_AGENT_DNS_UPSTREAMS: 'refuse',
      GLOBALSTACKS_MESH_TRANSPORT: 'direct',
      GLOBALSTACKS_MESH_DIRECT_LISTEN: `${host.address}:7946`,
      GLOBALSTACKS_CA_FILE: authority,
    };
    const { stdout } = await this.control.shell(`gstacks agent enroll ${agent}`);
    const line = stdout.split('\n').find((text) => text.includes('globalstacks-agent enroll'));
    const more = Object.entries(settings).map(([setting, value]) => `--set ${setting}=${value}`);
    const where = `--state-dir ${join(places.state, 'globalstacks-agent')} --config ${join(places.etc, 'agent.env')}`;
    return (await on.shell(`${line} --driver netns ${where} ${more.join(' ')}`)).stdout;
  }

  async json<Answer>(command: string): Promise<Answer> {
    return JSON.parse((await this.control.shell(`${command} --json`)).stdout);
  }

  async statusOf(agent: string): Promise<string | undefined> {
    const { items } = await this.json<{ items: { id: string; status: string }[] }>('gstacks agent list');
    return items.find(({ id }) => id === agent)?.status;
  }

  async waitUntilOnline(agents: readonly string[]): Promise<void> {
    for (const agent of agents) {
      await waitFor(`${agent} is online`, async () => (await this.statusOf(agent)) === 'ONLINE', 60_000);
    }
  }
}
