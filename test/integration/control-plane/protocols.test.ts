import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { verifyTopology } from '#libs/bus/signing.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { agentInboxPrefix, agentSubject, type FromAgent } from '#libs/contracts/bus/subjects.js';
import { parseTopologyMessage, type TopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { snapshotHashOfProtocol1 } from '#libs/policy/snapshot-text.js';
import { CLONE } from '#test/support/clone.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

const recorded = JSON.parse(readFileSync(join(CLONE, 'test/fixtures/bus-messages-protocol-1.json'), 'utf8'));

/** An agent of the previous release: it sends recorded messages of one, and accepts what one accepts. */
class EarlierAgent {
  readonly taken: TopologyMessage[] = [];
  readonly asked: Record<string, unknown>[] = [];

  private constructor(
    private readonly connection: NatsConnection,
    private readonly agent: SimulatedAgent,
  ) {}

  static async connect(controlPlane: TestControlPlane, agent: SimulatedAgent): Promise<EarlierAgent> {
    await agent.close();
    const { jwt, seed } = agent.busCredentials;
    const connection = await connect({
      servers: controlPlane.nats.url,
      authenticator: jwtAuthenticator(jwt, Buffer.from(seed)),
      inboxPrefix: agentInboxPrefix(agent.agentId),
      reconnect: false,
    });
    const earlier = new EarlierAgent(connection, agent);
    const answer = (kind: 'topology' | 'control' | 'diagnose', reply: (message: Record<string, unknown>) => object) =>
      connection.subscribe(agentSubject(agent.agentId, kind), {
        callback: (_, message) => {
          const asked: Record<string, unknown> = message.json();
          // It supports only protocol 1.
          if (asked.protocol !== 1)
            message.respond(JSON.stringify({ error: { code: 'PROTOCOL_UNSUPPORTED', message: 'another protocol' } }));
          else message.respond(JSON.stringify(reply(asked)));
        },
      });
    answer('control', () => ({ protocol: 1, ok: true, code: null, message: null }));
    answer('topology', (message) => {
      // The two protocols differ in the hash, not in the fields.
      const read = parseTopologyMessage({ ...message, protocol: BUS_PROTOCOL });
      earlier.taken.push({ ...read, protocol: Number(message.protocol) });
      return { protocol: 1, status: 'received', code: null, message: null };
    });
    answer('diagnose', (message) => {
      earlier.asked.push(message);
      return recorded.checksReply;
    });
    return earlier;
  }

  async send(kind: FromAgent, message: object): Promise<Record<string, unknown>> {
    const subject = agentSubject(this.agent.agentId, kind);
    return (await this.connection.request(subject, JSON.stringify(message), { timeout: 5_000 })).json();
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

describe('agents of other releases', () => {
  let controlPlane: TestControlPlane;
  let enrolled: SimulatedAgent;
  let earlier: EarlierAgent;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    enrolled = await controlPlane.agent('host-a', ['sbx-api']);
    earlier = await EarlierAgent.connect(controlPlane, enrolled);
  });

  after(async () => {
    await earlier.close();
    await controlPlane.end();
  });

  it('the one before is answered in its own protocol, and told what is served', async () => {
    const reply = await earlier.send('hello', { ...recorded.hello, networks: [] });
    expect(reply).to.deep.include({ protocol: 1, serves: [1, 2] });
    expect(await earlier.send('inventory', { ...recorded.inventory, sequence: 99 })).to.include({ protocol: 1 });
    expect(await earlier.send('sync', recorded.sync)).to.include({ protocol: 1, code: 'NETWORK_NOT_FOUND' });
  });

  it('the one before gets versions in its own protocol, and its acknowledgement proves them', async () => {
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-api',
      alias: 'api',
      ports: ['8080'],
    });
    const message = await waitFor('the version arrives', () => earlier.taken.find(({ to }) => to === body.version));
    expect(message.protocol).to.equal(1);
    expect(message.hash).to.equal(snapshotHashOfProtocol1(parseSnapshot(JSON.parse(message.body))));
    expect(
      verifyTopology([String(enrolled.credentials.snapshotPublicKey)], 'host-a', message, message.signature),
    ).to.equal(true);
    const { networkId, epoch, to, hash } = message;
    const acknowledgement = { ...recorded.applied, networkId, epoch, from: 1, to, aliasFailures: [], flowsCut: [] };
    expect(await earlier.send('applied', { ...acknowledgement, hash: 'f'.repeat(64) })).to.include({ ok: false });
    expect((await controlPlane.call('GET', `/v1/networks/dev/applied/${to}?waitSeconds=0`)).body.confirmed).to.equal(0);
    expect(await earlier.send('applied', { ...acknowledgement, hash })).to.include({ ok: true, protocol: 1 });
    const proof = await controlPlane.call('GET', `/v1/networks/dev/applied/${to}?waitSeconds=5`);
    expect(proof.body).to.include({ confirmed: 1, expected: 1 });
    await earlier.send('heartbeat', {
      ...recorded.heartbeat,
      networks: [{ networkId, epoch, version: to, hash }],
      acknowledgements: [{ ...acknowledgement, hash }],
    });
    expect((await controlPlane.call('GET', '/v1/networks/dev/status')).body.status).to.equal('SYNCED');
  });

  it('the one before is asked in its own protocol', async () => {
    await controlPlane.call('POST', '/v1/networks/dev/tests', { from: 'local', alias: 'api', port: 8080 });
    expect(earlier.asked.map(({ protocol }) => protocol)).to.include(1);
  });

  it('one of a later release is refused by name, and its status says why', async () => {
    const refusal = await earlier.send('hello', { ...recorded.hello, protocol: 3 });
    expect(JSON.stringify(refusal)).to.include('PROTOCOL_UNSUPPORTED').and.include('protocol 1 and 2');
    const { body } = await controlPlane.call('GET', '/v1/networks/dev/status');
    expect(JSON.stringify(body.agents)).to.match(/PROTOCOL_UNSUPPORTED: host-a was refused.*protocol 3/);
    expect(controlPlane.log.join('')).to.match(/host-a was refused/);
    const { text } = await callApi(controlPlane.url, 'GET', '/metrics');
    expect(text).to.include('gs_agent_messages_total{message="hello",outcome="refused"} 1');
  });
});
