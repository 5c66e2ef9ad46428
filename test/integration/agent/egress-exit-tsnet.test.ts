import { randomInt } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { encode } from 'dns-packet';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { type ScriptedResolver, startScripted } from '#test/integration/dns/resolvers.js';
import { AgentProcess, staticAgent } from '#test/support/agent-process.js';
import { CLONE } from '#test/support/clone.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { MeshFixture } from '#test/support/mesh-fixture.js';
import { freePort } from '#test/support/ports.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

/** Loopback addresses of this run, so that concurrent runs do not conflict. */
const [NEAR, FAR] = [
  `127.${randomInt(150, 250)}.${randomInt(1, 125)}`,
  `127.${randomInt(150, 250)}.${randomInt(126, 250)}`,
];
const WEB = `${NEAR}.10`;
const SERVER = `${FAR}.20`;
const NAME = 'api.partner.example';
/** A node finds its control server and relay within seconds. */
const JOINED_WITHIN_MS = 60_000;

describe('a name outside whose connections leave from another agent, over tsnet', function () {
  this.timeout(120_000);
  let control: MeshFixture;
  let plane: FakeControlPlane;
  let upstream: ScriptedResolver;
  let server: Server;
  let port: number;
  let agents: readonly [AgentProcess, AgentProcess];
  let version = 0;

  /** host-a, with sbx-web, has no resolver; host-b has one, and no sandbox. */
  before(async function () {
    this.timeout(300_000);
    const meshNode = await obtainMeshProgram('mesh-node', CLONE, () => {});
    control = await MeshFixture.start();
    plane = await FakeControlPlane.start();
    upstream = await startScripted(({ id, questions }) => {
      const [question] = questions ?? [];
      if (id === undefined || question === undefined) return null;
      const answers = question.type === 'A' ? [{ type: 'A' as const, name: NAME, ttl: 60, data: SERVER }] : [];
      return [encode({ type: 'response', id, flags: 0x0180, questions: [question], answers })];
    });
    port = await freePort();
    server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, SERVER);
    await once(server, 'listening');
    const make = async (name: string, block: string, upstreams: string): Promise<AgentProcess> =>
      new AgentProcess(name, plane.url, {
        ...staticAgent(block),
        GLOBALSTACKS_AGENT_EGRESS: 'listed',
        GLOBALSTACKS_AGENT_DNS_UPSTREAMS: upstreams,
        GLOBALSTACKS_MESH_TRANSPORT: 'tsnet',
        GLOBALSTACKS_MESH_CONTROL_URL: control.controlUrl,
        GLOBALSTACKS_MESH_AUTH_KEY: await control.mintKey(),
        GLOBALSTACKS_MESH_NODE: meshNode,
      });
    agents = [await make('host-a', NEAR, 'refuse'), await make('host-b', FAR, upstream.address)];
    agents[0].setSandboxes([{ id: 'sbx-web', address: WEB }]);
    agents[1].setSandboxes([]);
    for (const agent of agents) agent.start();
    for (const agent of agents) {
      await waitFor(
        `${agent.id} has joined, and the other is told where it is`,
        () => (plane.peers.get(agent.id)?.endpoints ?? []).length > 0,
        JOINED_WITHIN_MS,
      );
    }
  });

  after(async () => {
    for (const agent of agents ?? []) await agent.remove();
    server?.close();
    await upstream?.stop();
    await plane?.close();
    await control?.stop();
  });

  /** Resolves with the number of flows that were cut. */
  async function rules(...egress: readonly string[]): Promise<number> {
    version += 1;
    const snapshot = snapshotOf({ version, sandboxes: { 'sbx-web': 'host-a' }, aliases: {}, egress });
    for (const { id } of agents) await plane.publish(id, snapshot);
    const both = await Promise.all(agents.map(({ id }) => plane.acknowledgementOf(id, version)));
    return new Set(both.flatMap(({ flowsCut }) => flowsCut)).size;
  }

  async function addressOfName(): Promise<string> {
    const resolver = new Resolver();
    resolver.setServers([`${NEAR}.1:1053`]);
    resolver.setLocalAddress(WEB);
    const [address = ''] = await resolver.resolve4(NAME);
    return address;
  }

  it('passes bytes both ways by the resolver of the exit, and is cut when the rule goes', async () => {
    await rules(`allow sandbox:sbx-web ${NAME} ${port} private via=host-b`);
    const address = await addressOfName();
    expect(address.startsWith(`${NEAR}.`)).to.equal(true);
    const text = 'over the tailnet'.repeat(5_000);
    const answered = await waitFor(
      'the exit is reached',
      async () => {
        const socket = connect({ host: address, port, localAddress: WEB });
        let answer = '';
        socket.on('data', (bytes) => {
          answer += String(bytes);
        });
        const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
        socket.end(text);
        await closed;
        return answer.length > 0 && answer;
      },
      JOINED_WITHIN_MS,
    );
    expect(answered === text).to.equal(true);
    expect(upstream.asked.udp).to.be.at.least(2);
    const [near, far] = agents;
    const opened = (agent: AgentProcess, role: string) =>
      agent.log.some(({ message, flow }) => message === 'flow opened' && JSON.stringify(flow).includes(`"${role}"`));
    expect(opened(near, 'source')).to.equal(true);
    expect(opened(far, 'target')).to.equal(true);

    const open = connect({ host: address, port, localAddress: WEB });
    const closed = new Promise((resolve) => open.on('error', () => {}).on('close', resolve));
    open.write('first');
    await once(open, 'data');
    expect(await rules()).to.equal(1);
    await closed;
  });
});
