import { expect } from 'chai';
import { connect, JSONCodec, jwtAuthenticator, type NatsConnection } from 'nats';
import { BUS_PROTOCOL } from '#libs/contracts/bus-messages.js';
import { parseLocalNodeId } from '#libs/contracts/ids.js';
import { localNodeInboxPrefix, localNodeSubject } from '#libs/contracts/subjects.js';
import { joinDev, newKeys, tokenFor } from './joining.js';
import { TestControlPlane } from './setup.js';

const refused = {
  transport: 'tsnet',
  state: 'failed',
  code: 'MESH_KEY_USED',
  message: 'authkey already used',
  endpoints: [],
};
const joined = { transport: 'tsnet', state: 'joined', code: null, message: null, endpoints: ['100.64.0.1:41641'] };

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
    expect((await standingOf('agents', 'host-a'))?.mesh).to.deep.equal(refused);
    await agent.contact('heartbeat', { mesh: joined });
    expect((await standingOf('agents', 'host-a'))?.mesh).to.deep.equal(joined);
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
    expect((await standingOf('localNodes', nodeId))?.mesh).to.deep.equal(refused);
    await say('heartbeat', joined);
    expect((await standingOf('localNodes', nodeId))?.mesh).to.deep.equal(joined);
    const shown = await controlPlane.call('GET', `/v1/local-nodes/${nodeId}`);
    expect(shown.body.mesh).to.deep.equal(joined);
  });
});
