import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { parseAgentId, parseLocalNodeId } from '#libs/contracts/ids.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { appendAsEarlierRelease, joinedEvent } from '#test/support/earlier-release.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';
import { type Authorization, joinBody, type LocalKeys, newKeys, tokenFor } from './joining.js';
import { TestControlPlane } from './setup.js';

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);

describe('whoever is out, at the bus', () => {
  let controlPlane: TestControlPlane;
  let as: Authorization;
  let networkId: string;
  const open: NatsConnection[] = [];

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
    const { body } = await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    networkId = (body.result as { readonly id: string }).id;
    as = (await tokenFor(controlPlane, 'ada')).as;
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
  });

  after(() => controlPlane.end());

  async function connectWith({ seed }: LocalKeys, jwt: string): Promise<NatsConnection> {
    const connection = await connect({
      servers: controlPlane.nats.url,
      authenticator: jwtAuthenticator(jwt, new TextEncoder().encode(seed)),
      reconnect: false,
    });
    open.push(connection);
    return connection;
  }

  const isTaken = (keys: LocalKeys, jwt: string) =>
    connectWith(keys, jwt).then(
      () => true,
      () => false,
    );

  async function earlierNode(id: string, keys: LocalKeys) {
    const nodeId = parseLocalNodeId(id, 'node');
    const events = [joinedEvent(nodeId, networkId, keys)];
    await appendAsEarlierRelease(controlPlane.databaseUrl, streamOf(LOCAL_NODE, nodeId), events);
    await waitFor('the control plane has read it', async () => {
      return (await controlPlane.call('GET', `/v1/local-nodes/${nodeId}`)).status === 200;
    });
    return nodeId;
  }

  it("is no agent whose key somebody tried to register as a local node's", async () => {
    const agent = await controlPlane.agent('host-victim');
    const thiefs = { ...(await newKeys()), nkey: agent.user.getPublicKey() };
    const answer = await controlPlane.call('POST', '/v1/networks/dev/local-nodes', joinBody('dev', thiefs, 'x'), {
      ...as,
    });
    expect([answer.status, answer.body.code]).to.deep.equal([401, 'JOIN_REFUSED']);
    if (answer.status === 201) await controlPlane.call('DELETE', `/v1/local-nodes/${answer.body.nodeId}`);
    await agent.contact('heartbeat');
    expect(agent.statuses).to.not.include('disconnected');
  });

  it('is a local node with an agent’s key, which an earlier release gave it, and not that agent', async () => {
    const agent = await controlPlane.agent('host-shared');
    const keys = await newKeys(agent.user);
    const nodeId = await earlierNode('shares-a-key', keys);
    const jwt = await controlPlane.nats.authority.issueLocalNode(nodeId, keys.nkey, inMinutes(10));
    const node = await connectWith(keys, jwt);

    const ended = await controlPlane.call('DELETE', `/v1/local-nodes/${nodeId}`);
    expect(ended.body).to.include({ changed: true, connectionCut: false });
    expect(ended.body.connectionNotCutReason).to.contain('an agent uses the same key');
    await waitFor('the connection of the local node is closed', () => node.isClosed());
    await agent.contact('heartbeat');
    expect(agent.statuses).to.not.include('disconnected');
  });

  it('is a revoked agent, although a local node with the same key ended before', async () => {
    const keys = await newKeys();
    const agentId = parseAgentId('host-latest', 'agent');
    const nodeId = await earlierNode('ended-before', keys);
    await controlPlane.call('DELETE', `/v1/local-nodes/${nodeId}`);
    const { nkey, meshKeyThumbprint } = keys;
    await appendAsEarlierRelease(controlPlane.databaseUrl, streamOf(AGENT, agentId), [
      { type: 'AgentEnrolled', data: { agentId, nkey, meshKeyThumbprint } },
    ]);
    // The agent's credentials were issued after the end of the local node.
    const jwt = await waitFor('the bus takes the agent', async () => {
      const issued = await controlPlane.nats.authority.issueAgent(agentId, nkey, inMinutes(60));
      return (await isTaken(keys, issued)) && issued;
    });
    const connection = await connectWith(keys, jwt);

    const revoked = await controlPlane.call('DELETE', `/v1/agents/${agentId}`);
    expect(revoked.body).to.include({ connectionCut: true, connectionNotCutReason: null });
    await waitFor('its connection is closed', () => connection.isClosed());
    expect(await isTaken(keys, jwt)).to.equal(false);
    const later = await controlPlane.nats.authority.issueAgent(agentId, nkey, inMinutes(60));
    expect(await isTaken(keys, later)).to.equal(false);
  });

  it('is a revoked agent that gives another user name at the bus', async () => {
    const agent = await controlPlane.agent('host-disguised');
    const { jwt, seed } = agent.busCredentials;
    const disguise = () => ({ nkey: 'UDISGUISED', user: 'nobody' });
    const connection = await connect({
      servers: controlPlane.nats.url,
      authenticator: [jwtAuthenticator(jwt, new TextEncoder().encode(seed)), disguise],
      reconnect: false,
    });
    open.push(connection);
    const { closeConnections } = controlPlane.nats.authority;
    const holder = { kind: 'agent', id: agent.agentId, nkey: agent.user.getPublicKey() } as const;
    await agent.close();
    expect(await closeConnections([controlPlane.nats.url], holder)).to.equal(1);
    await waitFor('it is closed', () => connection.isClosed());
    expect(await closeConnections([controlPlane.nats.url], holder)).to.equal(0);
  });

  it('is said to be cut only when nats-server says so, and why not when it does not answer', async () => {
    const agent = await controlPlane.agent('host-unheard');
    await stopProcesses(controlPlane.nats.pid());
    try {
      const revoked = await controlPlane.call('DELETE', '/v1/agents/host-unheard');
      expect(revoked.body).to.include({ changed: true, connectionCut: false });
      expect(revoked.body.connectionNotCutReason).to.contain('nats-server cannot be reached');
    } finally {
      process.kill(controlPlane.nats.pid(), 'SIGCONT');
    }
    await waitFor('its connection is cut when nats-server goes on', () => agent.statuses.includes('disconnected'));
    const again = await waitFor('that is known', async () => {
      const { body } = await controlPlane.call('DELETE', '/v1/agents/host-unheard');
      return body.connectionCut === true && body;
    });
    expect(again).to.include({ changed: false, connectionNotCutReason: null });
  });
});
