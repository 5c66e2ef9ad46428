import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { createUser, jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { agentInboxPrefix, agentSubject } from '#libs/contracts/bus/subjects.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { identityOfCertificate } from '#libs/mesh/identity.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import { enrollmentBody, SimulatedAgent } from './simulated-agent.js';

describe('enrolment of agents', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start();
  });

  after(() => controlPlane.end());

  async function tokenFor(name: string): Promise<string> {
    const { body } = await controlPlane.call('POST', '/v1/agents/enrollment-tokens', { name });
    return String(body.token);
  }

  async function application(name: string, token: string): Promise<object> {
    const certificateRequest = createCertificateRequest(createPrivateKeyPem());
    return enrollmentBody(token, name, createUser(), certificateRequest);
  }

  const enroll = (body: unknown) => callApi(controlPlane.url, 'POST', '/v1/agent-enrollments', body);

  it('gives credentials in the name of the agent, for the keys it made', async () => {
    const answer = await enroll(await application('host-a', await tokenFor('host-a')));
    expect(answer.status).to.equal(201);
    expect(answer.body).to.include.keys('busJwt', 'busServers', 'snapshotPublicKey', 'storeId', 'epoch', 'expiresAt');
    const certificate = new X509Certificate(String(answer.body.certificate));
    expect(identityOfCertificate(certificate)).to.deep.equal({
      storeId: answer.body.storeId,
      identity: { kind: 'agent', agentId: 'host-a' },
    });
    expect(certificate.checkIssued(new X509Certificate(String(answer.body.authority)))).to.equal(true);
    const lifetime = Date.parse(String(answer.body.expiresAt)) - Date.now();
    expect(lifetime).to.be.within(3_500_000, 3_600_000);
  });

  it('answers the same key again, and no other key, with the same token', async () => {
    const token = await tokenFor('host-b');
    const body = await application('host-b', token);
    expect((await enroll(body)).status).to.equal(201);
    expect((await enroll(body)).status).to.equal(201);
    const other = await enroll(await application('host-b', token));
    expect([other.status, other.body.code]).to.deep.equal([401, 'ENROLLMENT_TOKEN_INVALID']);
    const events = await query(controlPlane.databaseUrl, "SELECT type FROM events WHERE stream_id = 'agent-host-b'");
    expect(events).to.deep.equal([{ type: 'AgentEnrolled' }]);
  });

  it('lets one of many that use a token at once have it', async () => {
    const token = await tokenFor('host-c');
    const bodies = await Promise.all(Array.from({ length: 8 }, () => application('host-c', token)));
    const answers = await Promise.all(bodies.map(enroll));
    expect(answers.filter(({ status }) => status === 201)).to.have.length(1);
    expect(answers.filter(({ status }) => status === 401 || status === 409)).to.have.length(7);
  });

  it('refuses a token that is for another name, or has ended', async () => {
    const forAnother = await enroll(await application('host-e', await tokenFor('host-d')));
    expect([forAnother.status, forAnother.body.code]).to.deep.equal([401, 'ENROLLMENT_TOKEN_INVALID']);
    const late = await tokenFor('host-f');
    const { databaseUrl } = controlPlane;
    await query(databaseUrl, "UPDATE enrollment_tokens SET expires_at = now() WHERE agent_id = 'host-f'");
    expect((await enroll(await application('host-f', late))).status).to.equal(401);
  });

  it('does not let a second host take the name of one that is enrolled, and leaves its token unused', async () => {
    await enroll(await application('host-g', await tokenFor('host-g')));
    const token = await tokenFor('host-g');
    const second = await enroll(await application('host-g', token));
    expect([second.status, second.body.code]).to.deep.equal([409, 'AGENT_ENROLLED']);
    await controlPlane.call('DELETE', '/v1/agents/host-g');
    expect((await enroll(await application('host-g', token))).status).to.equal(201);
  });

  it('renews credentials for whoever holds the key, in time', async () => {
    const agent = await SimulatedAgent.enroll(controlPlane.url, 'host-h', await tokenFor('host-h'));
    const renewed = await agent.renew();
    expect(renewed.status).to.equal(201);
    expect(renewed.body.busJwt).to.be.a('string');

    const forged = await agent.renew({ signature: Buffer.alloc(64).toString('base64') });
    expect([forged.status, forged.body.code]).to.deep.equal([401, 'RENEWAL_REFUSED']);
    const old = await agent.renew({ timestamp: new Date(Date.now() - 120_000).toISOString() });
    expect([old.status, old.body.code]).to.deep.equal([401, 'RENEWAL_OUT_OF_TIME']);
  });

  it('cuts a revoked agent off at once, for ever, and lets go of its sandboxes', async () => {
    const agent = await controlPlane.agent('host-r', ['sbx-r']);
    await controlPlane.call('POST', '/v1/networks', { name: 'revoked' });
    await controlPlane.call('POST', '/v1/networks/revoked/attachments', { sandboxId: 'sbx-r' });
    await waitFor('the agent holds the network', () => agent.received.length > 0);

    const revoked = await controlPlane.call('DELETE', '/v1/agents/host-r');
    expect(revoked.body).to.deep.equal({
      agentId: 'host-r',
      changed: true,
      sandboxesReleased: ['sbx-r'],
      connectionCut: true,
      connectionNotCutReason: null,
      meshNode: 'none',
    });
    await waitFor('its connection is cut', () => agent.statuses.includes('disconnected'));
    const connected = agent.statuses.filter((status) => status === 'connected').length;

    const renewal = await agent.renew();
    expect([renewal.status, renewal.body.code]).to.deep.equal([403, 'AGENT_REVOKED']);
    await waitFor('the sandbox is released', async () => {
      const { body } = await controlPlane.call('GET', '/v1/sandboxes/sbx-r');
      return body.status === 'UNPLACED' && body.agentId === null;
    });
    await waitFor('the network knows', async () => {
      const { body } = await controlPlane.call('GET', '/v1/networks/revoked/status');
      return (body.agents as unknown[]).length === 0;
    });
    expect(agent.statuses.filter((status) => status === 'connected').length).to.equal(connected);
    const listed = await controlPlane.call('GET', '/v1/agents?status=REVOKED');
    expect((listed.body.items as { id: string }[]).map(({ id }) => id)).to.include('host-r');
    expect((await controlPlane.call('DELETE', '/v1/agents/host-r')).body.changed).to.equal(false);
  });

  it('keeps a revoked agent out when the bus has started again', async () => {
    const agent = await controlPlane.agent('host-s');
    await controlPlane.call('DELETE', '/v1/agents/host-s');
    await waitFor('its connection is cut', () => agent.statuses.includes('disconnected'));
    const connected = agent.statuses.filter((status) => status === 'connected').length;
    await controlPlane.nats.kill();
    await controlPlane.nats.start();
    const other = await controlPlane.agent('host-t');
    await waitFor('others are served again', () => other.statuses.includes('connected'));
    await waitFor(
      'the revoked one has tried again',
      () => agent.statuses.filter((s) => s === 'disconnected').length > 2,
    );
    expect(agent.statuses.filter((status) => status === 'connected').length).to.be.at.most(connected + 1);
    expect(agent.statuses.at(-1)).to.equal('disconnected');
  });

  it('refuses a second agent that claims a placed sandbox, and shows it', async () => {
    await controlPlane.agent('host-u', ['sbx-u']);
    const claimant = await controlPlane.agent('host-v');
    const reply = await claimant.report(['sbx-u', 'sbx-v']);
    expect(reply).to.deep.include({
      accepted: ['sbx-v'],
      conflicts: [{ sandboxId: 'sbx-u', code: 'PLACEMENT_CONFLICT', owner: 'host-u' }],
    });
    const { body } = await controlPlane.call('GET', '/v1/sandboxes/sbx-u');
    expect(body).to.deep.include({ agentId: 'host-u', status: 'RUNNING' });
    expect(body.conflicts).to.have.length(1);
    expect((body.conflicts as readonly object[])[0]).to.include({ agentId: 'host-v', code: 'PLACEMENT_CONFLICT' });
  });
});

describe("an agent's credentials at the bus", () => {
  let controlPlane: TestControlPlane;
  let connection: NatsConnection;
  const violations: string[] = [];

  before(async () => {
    controlPlane = await TestControlPlane.start();
    const agent = await controlPlane.agent('host-a');
    const { jwt, seed } = agent.busCredentials;
    connection = await connect({
      servers: controlPlane.nats.url,
      authenticator: jwtAuthenticator(jwt, new TextEncoder().encode(seed)),
      inboxPrefix: agentInboxPrefix(agent.agentId),
      reconnect: false,
    });
    void (async () => {
      for await (const status of connection.status()) {
        if (status.permissionContext)
          violations.push(`${status.permissionContext.operation} ${status.permissionContext.subject}`);
      }
    })();
  });

  after(async () => {
    await connection.close();
    await controlPlane.end();
  });

  const other = parseAgentId('host-b', 'agent');
  const own = parseAgentId('host-a', 'agent');
  const subscriptions = [
    '>',
    'gs.v1.agent.>',
    'gs.v1.agent.*.topology',
    agentSubject(other, 'topology'),
    agentSubject(own, 'applied'),
    '_INBOX.>',
    '_INBOX.control-plane.>',
    '$SYS.>',
  ];
  const publications = [
    agentSubject(other, 'applied'),
    agentSubject(other, 'topology'),
    agentSubject(own, 'topology'),
    '_INBOX.control-plane.x',
    '$SYS.REQ.CLAIMS.UPDATE',
    'anything',
  ];

  for (const subject of subscriptions) {
    it(`cannot subscribe to ${subject}`, async () => {
      connection.subscribe(subject, { callback: () => {} });
      await waitFor('the server refused', () => violations.includes(`subscription ${subject}`));
    });
  }

  for (const subject of publications) {
    it(`cannot publish on ${subject}`, async () => {
      connection.publish(subject, '{}');
      await waitFor('the server refused', () => violations.includes(`publish ${subject}`));
    });
  }
});
