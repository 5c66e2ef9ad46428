import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { InventoryMessage, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { AgentProcess } from './agent-process.js';
import { FakeControlPlane } from './fake-control-plane.js';
import { HostNamespace, ip } from './host-namespace.js';
import type { SharedPlace } from './netns-rig.js';
import { waitFor } from './wait.js';

/** The time within which the inventory has to follow the links. */
const FOLLOWS_WITHIN_MS = 2_000;

/** A host with an agent of the driver `link`, guests that are namespaces behind a veth, and the agent's local API. */
export class LinkRig {
  static readonly AGENT_ADDRESS = '10.80.0.1';
  private readonly guests: string[] = [];

  private constructor(
    readonly host: HostNamespace,
    readonly plane: FakeControlPlane,
    readonly agent: AgentProcess,
    private readonly isShared: boolean,
  ) {}

  /** The agent is not started yet. */
  static async make(more: { readonly [variable: string]: string } = {}, shared?: SharedPlace): Promise<LinkRig> {
    const host = shared?.host ?? (await HostNamespace.make());
    const plane = shared?.plane ?? (await FakeControlPlane.start(host.machine));
    const agent = new AgentProcess(
      shared?.name ?? 'host-a',
      plane.url,
      { GLOBALSTACKS_AGENT_DRIVER: 'link', GLOBALSTACKS_MESH_DIRECT_LISTEN: `${host.address}:0`, ...more },
      ['nsenter', `--net=/run/netns/${host.name}`],
    );
    return new LinkRig(host, plane, agent, shared !== undefined);
  }

  get inventory(): InventoryMessage | undefined {
    return this.plane.inventoryOf(this.agent.id);
  }

  report(id: string): SandboxReport | undefined {
    return this.inventory?.sandboxes.find(({ sandboxId }) => sandboxId === id);
  }

  reported(id: string): Promise<SandboxReport> {
    return waitFor(`${id} is reported`, () => this.report(id));
  }

  gone(id: string): Promise<true> {
    return waitFor(`${id} is gone`, () => this.report(id) === undefined, FOLLOWS_WITHIN_MS);
  }

  /** The namespace of a guest. */
  guest(name: string): string {
    return `${this.host.name}-${name}`;
  }

  /** A namespace for a guest, without a link. */
  async makeNamespace(name: string): Promise<string> {
    const namespace = this.guest(name);
    await ip('netns', 'add', namespace);
    this.guests.push(namespace);
    return namespace;
  }

  /** As a runtime's script does it: an interface on the host, and the guest's address and routes. */
  async makeGuest(name: string, address: string): Promise<void> {
    const namespace = await this.makeNamespace(name);
    await this.connectGuest(name, address);
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }

  async connectGuest(name: string, address: string): Promise<void> {
    const namespace = this.guest(name);
    const host = ['-n', this.host.name];
    await ip(...host, 'link', 'add', `${name}0`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    await ip(...host, 'link', 'set', `${name}0`, 'up');
    await ip('-n', namespace, 'address', 'add', `${address}/32`, 'dev', 'eth0');
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    await ip('-n', namespace, 'route', 'add', LinkRig.AGENT_ADDRESS, 'dev', 'eth0');
    await ip('-n', namespace, 'route', 'add', 'default', 'via', LinkRig.AGENT_ADDRESS, 'dev', 'eth0');
  }

  /** Interfaces `m0`, `m1` and so on that are up and connected to nothing. */
  async makeInterfaces(count: number): Promise<void> {
    const batch = join(this.agent.folder, 'batch');
    const commands = Array.from(
      { length: count },
      (_, number) => `link add m${number} up type veth peer name p${number}\nlink set p${number} up\n`,
    );
    writeFileSync(batch, commands.join(''));
    await ip('-n', this.host.name, '-batch', batch);
  }

  /** PUT of the sandbox `many-<number>` at the interface `m<number>`. */
  async putMany(number: number): Promise<void> {
    const body = { interface: `m${number}`, address: `10.82.${number >> 8}.${number & 255}` };
    const answer = await this.api('PUT', `/v1/links/many-${number}`, body);
    if (answer.status !== 200) throw new Error(`PUT many-${number}: ${answer.body}`);
  }

  async deleteMany(number: number): Promise<void> {
    const answer = await this.api('DELETE', `/v1/links/many-${number}`);
    if (answer.status !== 204) throw new Error(`DELETE many-${number}: ${answer.body}`);
  }

  async api(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
    const socketPath = join(this.agent.stateFolder, 'links.sock');
    const outgoing = request({ socketPath, method, path, agent: false });
    outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    const [response] = await once(outgoing, 'response');
    return { status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() };
  }

  /** The items of `GET /v1/links`. */
  async links(): Promise<readonly unknown[]> {
    return JSON.parse((await this.api('GET', '/v1/links')).body).items;
  }

  async close(): Promise<void> {
    await this.agent.remove();
    for (const namespace of this.guests) await ip('netns', 'del', namespace).catch(() => {});
    if (this.isShared) return;
    await this.plane.close();
    await this.host.remove();
  }
}
