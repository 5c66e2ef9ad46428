import { expect } from 'chai';
import { connect, JSONCodec, type NatsConnection } from 'nats';
import { jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { localNodeInboxPrefix, localNodeSubject } from '#libs/contracts/bus/subjects.js';
import { parseLocalNodeId } from '#libs/contracts/ids.js';
import { callApi } from './api.js';
import { joinDev, newKeys, tokenFor } from './joining.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';
import { SimulatedLocalNode } from './simulated-local-node.js';

const refused = {
  transport: 'tsnet',
  state: 'failed',
  code: 'MESH_KEY_USED',
  message: 'authkey already used',
  endpoints: [],
};
const joined = { transport: 'tsnet', state: 'joined', code: null, message: null, endpoints: ['100.64.0.1:41641'] };

const known = (mesh: object) => ({ ...mesh, lastKnown: null });
const unknown = { transport: 'tsnet', state: 'unknown', code: null, message: null, endpoints: [] };

describe('the status of a network tells how nodes stand in the mesh', () => {
  let controlPlane: TestControlPlane;
  let connection: NatsConnection | null = null;

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
  });
  after(async () => {
    await connection?.close();
    await controlPlane.end();
  });

  async function standingOf(list: 'agents' | 'localNodes', id: string): Promise<Record<string, unknown> | undefined> {
    const { body } = await controlPlane.call('GET', '/v1/networks/dev/status');
    const nodes = body[list] as readonly Record<string, unknown>[];
    return nodes.find(({ agentId, nodeId }) => (agentId ?? nodeId) === id);
  }

  it('for an agent, as it said last', async () => {
    const agent = await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api' });
    await agent.contact('heartbeat', { mesh: refused });
    expect((await standingOf('agents', 'host-a'))?.mesh).to.deep.equal(known(refused));
    await agent.contact('heartbeat', { mesh: joined });
    expect((await standingOf('agents', 'host-a'))?.mesh).to.deep.equal(known(joined));
  });

  it('also of an agent that refuses a peer, which a metric counts', async () => {
    const [agent] = controlPlane.agents;
    const counted = async () => (await callApi(controlPlane.url, 'GET', '/metrics')).text;
    expect(await counted()).to.include('gs_agents_refusing_peers 0');
    const refusing = { ...joined, code: 'PEER_STREAM_LIMIT', message: 'agent host-x opened more streams than it may' };
    await agent?.contact('heartbeat', { mesh: refusing });
    expect((await standingOf('agents', 'host-a'))?.mesh).to.deep.equal(known(refusing));
    expect(await counted()).to.include('gs_agents_refusing_peers 1');
  });

  it('and which flows an agent has refused, by reason, as its metrics do', async () => {
    const agent = await controlPlane.agent('host-d', ['sbx-worker']);
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-worker' });
    expect((await standingOf('agents', 'host-d'))?.refusedFlows).to.deep.equal([]);
    const { body } = await controlPlane.call('GET', '/v1/networks/dev');
    const here = String(body.id);
    await agent.contact('heartbeat', {
      refusedFlows: [
        { networkId: here, code: 'FLOW_LIMIT', count: 3 },
        { networkId: here, code: 'DEFAULT_DENY', count: 12 },
        { networkId: 'aaaaa', code: 'DEFAULT_DENY', count: 100 },
      ],
    });
    expect((await standingOf('agents', 'host-d'))?.refusedFlows).to.deep.equal([
      { code: 'DEFAULT_DENY', count: 12 },
      { code: 'FLOW_LIMIT', count: 3 },
    ]);
    const { text } = await callApi(controlPlane.url, 'GET', '/metrics');
    expect(text).to.contain('gs_flows_refused{agent="host-d",code="DEFAULT_DENY"} 112');
    expect(text).to.contain('gs_flows_refused{agent="host-d",code="FLOW_LIMIT"} 3');
    // An agent of an earlier release does not report it.
    await agent.contact('heartbeat');
    expect((await standingOf('agents', 'host-d'))?.refusedFlows).to.deep.equal([]);
  });

  it('for a local node, as its heartbeat says', async () => {
    const keys = await newKeys();
    const { body } = await joinDev(controlPlane, keys, (await tokenFor(controlPlane, 'ada')).as, 'laptop');
    const nodeId = parseLocalNodeId(body.nodeId, 'node');
    expect((await standingOf('localNodes', nodeId))?.mesh).to.equal(null);
    const bus = await connect({
      servers: controlPlane.nats.url,
      authenticator: jwtAuthenticator(String(body.busJwt), new TextEncoder().encode(keys.seed)),
      inboxPrefix: localNodeInboxPrefix(nodeId),
      reconnect: false,
    });
    connection = bus;
    const json = JSONCodec();
    const say = async (kind: 'hello' | 'heartbeat', mesh: object): Promise<void> => {
      const message = {
        protocol: BUS_PROTOCOL,
        bootId: 'boot-1',
        softwareVersion: '0.1.0',
        driver: 'local',
        mesh,
        networks: [],
        ...(kind === 'heartbeat' ? { acknowledgements: [] } : {}),
      };
      await bus.request(localNodeSubject(nodeId, kind), json.encode(message), { timeout: 5_000 });
    };
    await say('hello', refused);
    expect((await standingOf('localNodes', nodeId))?.mesh).to.deep.equal(known(refused));
    await say('heartbeat', joined);
    expect((await standingOf('localNodes', nodeId))?.mesh).to.deep.equal(known(joined));
    const shown = await controlPlane.call('GET', `/v1/local-nodes/${nodeId}`);
    expect(shown.body.mesh).to.deep.equal(known(joined));
  });

  describe('as long as that is known', () => {
    let agent: SimulatedAgent;
    let node: SimulatedLocalNode;

    before(async () => {
      agent = await controlPlane.agent('host-c', ['sbx-web']);
      await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-web' });
      node = await SimulatedLocalNode.join(controlPlane, 'dev', 'bob');
    });
    after(() => node.close());
    beforeEach(async () => {
      controlPlane.clockAheadMs = 0;
      await agent.contact('heartbeat', { mesh: joined });
      await node.contact('heartbeat', joined);
    });

    /** Every place that shows it: for the agent, then for the local node. */
    async function shown(): Promise<readonly Record<string, unknown>[]> {
      const agents = (await controlPlane.call('GET', '/v1/agents')).body.items as readonly Record<string, unknown>[];
      const places = [
        await standingOf('agents', 'host-c'),
        agents.find(({ id }) => id === 'host-c'),
        await standingOf('localNodes', node.nodeId),
        (await controlPlane.call('GET', `/v1/local-nodes/${node.nodeId}`)).body,
      ];
      return places.map((place) => place ?? {});
    }

    const expectUnknown = (mesh: unknown, last: string, secondsAgo: number): void => {
      const { lastKnown, ...rest } = mesh as { readonly lastKnown: Record<string, unknown> };
      expect(rest).to.deep.equal(unknown);
      expect(lastKnown).to.include({ state: last });
      expect(lastKnown.secondsAgo).to.be.within(secondsAgo, secondsAgo + 5);
      expect(Date.parse(String(lastKnown.at))).to.be.closeTo(Date.now(), 5_000);
    };

    it('is joined by its own word, everywhere it is shown', async () => {
      for (const { status, mesh } of await shown()) {
        expect(status).to.be.oneOf(['SYNCED', 'ONLINE']);
        expect(mesh).to.deep.equal(known(joined));
      }
    });

    for (const { says, aheadMs, status } of [
      { says: 'was silent for longer than three heartbeats', aheadMs: 8_000, status: ['SYNCED', 'ONLINE'] },
      { says: 'is offline', aheadMs: 60_000, status: ['OFFLINE'] },
      { says: 'has been offline for minutes', aheadMs: 300_000, status: ['OFFLINE'] },
    ]) {
      it(`is not known of a node that ${says}, until it is heard again`, async () => {
        controlPlane.clockAheadMs = aheadMs;
        for (const { status: told, mesh } of await shown()) {
          expect(told).to.be.oneOf(status);
          expectUnknown(mesh, 'joined', aheadMs / 1_000);
        }
        await agent.contact('heartbeat', { mesh: joined });
        await node.contact('heartbeat', joined);
        for (const { mesh } of await shown()) expect(mesh).to.deep.equal(known(joined));
      });
    }

    it('is what the next process of the node says, from its first word on', async () => {
      const joining = { ...joined, state: 'joining', endpoints: [] };
      await agent.contact('hello', { bootId: 'boot-2', mesh: joining });
      await node.contact('hello', joining, 'boot-2');
      for (const { mesh } of await shown()) expect(mesh).to.deep.equal(known(joining));
    });

    it('is not known to a control plane that has just started', async () => {
      await agent.contact('heartbeat', { mesh: refused });
      await controlPlane.stop();
      await controlPlane.startAgain();
      const [inNetwork, inList, ...local] = await shown();
      expect([inNetwork?.status, inList?.status]).to.deep.equal(['UNKNOWN', 'UNKNOWN']);
      expectUnknown(inNetwork?.mesh, 'failed', 0);
      expectUnknown(inList?.mesh, 'failed', 0);
      // Nothing is saved for local nodes.
      for (const { status, mesh } of local) expect([status, mesh]).to.deep.equal(['UNKNOWN', null]);
    });

    it('is nothing of a node that was revoked', async () => {
      await controlPlane.call('DELETE', '/v1/agents/host-c');
      await controlPlane.call('DELETE', `/v1/local-nodes/${node.nodeId}`);
      const [, revoked, , left] = await shown();
      expect([revoked?.status, revoked?.mesh]).to.deep.equal(['REVOKED', null]);
      expect([left?.status, left?.mesh]).to.deep.equal(['REVOKED', null]);
    });
  });
});
