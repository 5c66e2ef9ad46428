import { expect } from 'chai';
import { connect } from 'nats';
import { BusRefusedError } from '#libs/bus/errors.js';
import { jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { agentInboxPrefix, agentSubject } from '#libs/contracts/bus/subjects.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { listenToBus } from '#test/support/bus-listener.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import { appliedMessage, type SimulatedAgent } from './simulated-agent.js';

describe('messages of agents that are not what they should be', () => {
  let controlPlane: TestControlPlane;
  let agent: SimulatedAgent;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    agent = await controlPlane.agent('host-a', ['sbx-web']);
  });

  after(() => controlPlane.end());

  const report = {
    sandboxId: 'sbx-x',
    address: '127.0.0.9',
    isolation: 'advisory',
    source: 'unverified',
    dns: 'active',
    dnsRemedy: null,
    namespace: null,
  };
  const inventory = { protocol: BUS_PROTOCOL, bootId: 'boot-1', sequence: 9, driver: 'static', sandboxes: [report] };
  const cases = [
    { what: 'no object', kind: 'hello', message: [], code: 'INVALID_INPUT' },
    { what: 'another protocol', kind: 'hello', message: { protocol: 3 }, code: 'PROTOCOL_UNSUPPORTED' },
    { what: 'no protocol', kind: 'sync', message: {}, code: 'PROTOCOL_UNSUPPORTED' },
    {
      what: 'a network id that is none',
      kind: 'sync',
      message: { protocol: BUS_PROTOCOL, networkId: '../x', have: null },
      code: 'INVALID_INPUT',
    },
    {
      what: 'an acknowledgement without a hash',
      kind: 'applied',
      message: { protocol: BUS_PROTOCOL, epoch: { counter: 1, id: 'x' }, networkId: 'abc', from: null, to: 1 },
      code: 'INVALID_INPUT',
    },
    {
      what: 'a version below zero',
      kind: 'applied',
      message: {
        protocol: BUS_PROTOCOL,
        epoch: { counter: 1, id: 'x' },
        networkId: 'abc',
        from: null,
        to: -1,
        hash: '0'.repeat(64),
      },
      code: 'INVALID_INPUT',
    },
    {
      what: 'a sandbox twice',
      kind: 'inventory',
      message: { ...inventory, sandboxes: [report, report] },
      code: 'INVALID_INPUT',
    },
    {
      what: 'an isolation of no kind',
      kind: 'inventory',
      message: { ...inventory, sandboxes: [{ ...report, isolation: 'perfect' }] },
      code: 'INVALID_INPUT',
    },
    {
      what: 'a sandbox id with a line break',
      kind: 'inventory',
      message: { ...inventory, sandboxes: [{ ...report, sandboxId: 'a\nb' }] },
      code: 'INVALID_INPUT',
    },
  ] as const;

  const applied = {
    protocol: BUS_PROTOCOL,
    epoch: { counter: 1, id: 'x' },
    networkId: 'abc',
    from: null,
    to: 1,
    hash: '0'.repeat(64),
    signature: null,
    outcome: 'applied',
    code: null,
    message: null,
    aliasFailures: [],
    flowsCut: [],
    appliedAt: '2026-01-01T00:00:00Z',
  };
  const unkeepable = [
    { what: 'a NUL in its words', kind: 'applied', message: { ...applied, message: 'a\0b' }, code: 'INVALID_INPUT' },
    { what: 'half a character', kind: 'applied', message: { ...applied, message: '\ud800' }, code: 'INVALID_INPUT' },
    { what: 'a version past counting', kind: 'applied', message: { ...applied, to: 2 ** 40 }, code: 'INVALID_INPUT' },
    {
      what: 'an epoch past counting',
      kind: 'applied',
      message: { ...applied, epoch: { counter: 2 ** 40, id: 'x' } },
      code: 'INVALID_INPUT',
    },
  ] as const;

  for (const { what, kind, message, code } of [...cases, ...unkeepable]) {
    it(`refuses ${kind} with ${what}, counts it, and writes nothing`, async () => {
      const count = () =>
        query(
          controlPlane.databaseUrl,
          'SELECT (SELECT count(*) FROM events) AS e, (SELECT count(*) FROM applied_log) AS a',
        );
      const before = await count();
      let refusal: unknown;
      try {
        await agent.send(kind, message);
      } catch (error) {
        refusal = error;
      }
      expect(refusal).to.be.instanceOf(BusRefusedError).and.include({ code });
      expect(await count()).to.deep.equal(before);
      const { text } = await callApi(controlPlane.url, 'GET', '/metrics');
      expect(text).to.include(`gs_agent_messages_total{message="${kind}",outcome="refused"}`);
    });
  }

  it('keeps what others say while one says what cannot be kept', async () => {
    const other = await controlPlane.agent('host-b', ['sbx-other']);
    await agent.report(['sbx-own']);
    await controlPlane.call('POST', '/v1/networks', { name: 'kept' });
    for (const sandboxId of ['sbx-own', 'sbx-other']) {
      await controlPlane.call('POST', '/v1/networks/kept/attachments', { sandboxId });
    }
    const offered = (to: SimulatedAgent) =>
      waitFor('version 3 arrives', () => to.received.find(({ snapshot }) => snapshot.version === 3)?.message);
    const [own, theirs] = [await offered(agent), await offered(other)];
    const failure = { alias: 'api', code: 'X', message: 'another row' };
    const results = await Promise.allSettled([
      agent.send('applied', {
        ...appliedMessage(own, 2),
        ...{ appliedAt: '0000-01-01T00:00:00Z', aliasFailures: [failure] },
      }),
      other.send('applied', { ...appliedMessage(theirs, 2), aliasFailures: [failure] }),
    ]);
    expect(results.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled']);
    const rows = await query(
      controlPlane.databaseUrl,
      "SELECT agent_id, to_version FROM applied_log WHERE alias_failures::text LIKE '%another row%'",
    );
    expect(rows).to.deep.equal([{ agent_id: 'host-b', to_version: 3 }]);
  });

  it('publishes nothing where one names a reply outside its own inbox, counts it, and says which subject', async () => {
    const other = parseAgentId('host-b', 'agent');
    const elsewhere = [
      agentSubject(other, 'topology'),
      agentSubject(other, 'applied'),
      agentSubject(agent.agentId, 'heartbeat'),
      `${agentInboxPrefix(other)}.x.1`,
    ];
    const { jwt, seed } = agent.busCredentials;
    const connection = await connect({
      servers: controlPlane.nats.url,
      authenticator: jwtAuthenticator(jwt, Buffer.from(seed)),
      inboxPrefix: agentInboxPrefix(agent.agentId),
      reconnect: false,
    });
    const listener = await listenToBus(controlPlane.nats.url, controlPlane.nats.keysFolder);
    try {
      const subject = agentSubject(agent.agentId, 'sync');
      for (const reply of elsewhere) connection.publish(subject, '{}', { reply });
      // Processed after those: its answer shows that they are done.
      await connection.request(subject, '{}', { timeout: 5_000 });
      await listener.caughtUp();
      expect(listener.heard.filter((heard) => elsewhere.includes(heard.subject))).to.deep.equal([]);
      expect(listener.heard.filter(({ text }) => text.includes('PROTOCOL_UNSUPPORTED'))).to.have.length(1);
      const { text } = await callApi(controlPlane.url, 'GET', '/metrics');
      expect(text).to.include(`gs_bus_faults_total{kind="reply"} ${elsewhere.length}`);
      const logged = controlPlane.log.filter((line) => line.includes('REPLY_OUTSIDE_INBOX'));
      for (const reply of elsewhere)
        expect(
          logged.some((line) => line.includes(reply)),
          reply,
        ).to.equal(true);
    } finally {
      await listener.close();
      await connection.close();
    }
  });

  it('serves the agent as before', async () => {
    expect((await agent.contact('heartbeat')).protocol).to.equal(BUS_PROTOCOL);
  });
});
