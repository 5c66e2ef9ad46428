import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { agentSubject, localNodeInboxPrefix, localNodeSubject } from '#libs/contracts/bus/subjects.js';
import { parseAgentId, parseLocalNodeId } from '#libs/contracts/ids.js';
import { identityOfCertificate } from '#libs/mesh/identity.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import type { ApiAnswer } from './api.js';
import { type Authorization, joinBody, joinDev, type LocalKeys, newKeys, tokenFor } from './joining.js';
import { TestControlPlane } from './setup.js';

const ENVIRONMENT = { GLOBALSTACKS_MESH_TRANSPORT: 'direct', GLOBALSTACKS_LOCAL_CREDENTIAL_SECONDS: '60' };

const CUT = { connectionCut: true, connectionNotCutReason: null };

describe('local nodes at the control plane', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start(ENVIRONMENT);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
  });
  after(() => controlPlane.end());

  const tokenOf = (user: string, role = 'operator', seconds = 600) => tokenFor(controlPlane, user, role, seconds);
  const join = (keys: LocalKeys, as: Authorization, machine = 'Ada’s laptop') =>
    joinDev(controlPlane, keys, as, machine);

  function busAs(keys: LocalKeys, answer: ApiAnswer): Promise<NatsConnection> {
    return connect({
      servers: controlPlane.nats.url,
      authenticator: jwtAuthenticator(String(answer.body.busJwt), new TextEncoder().encode(keys.seed)),
      inboxPrefix: localNodeInboxPrefix(parseLocalNodeId(answer.body.nodeId, 'node')),
      reconnect: false,
    });
  }

  it('get short-lived credentials for their user, network and machine', async () => {
    const { as } = await tokenOf('ada');
    const answer = await join(await newKeys(), as);
    expect(answer.status, answer.text).to.equal(201);
    expect(answer.body).to.include({ user: 'ada', network: 'dev', meshTransport: 'direct' });
    expect(answer.body.nodeId).to.match(/^ada-s-laptop-[0-9a-f]{10}$/);
    const certificate = new X509Certificate(String(answer.body.certificate));
    const { identity } = identityOfCertificate(certificate);
    expect(identity).to.deep.equal({ kind: 'local', user: 'ada', node: answer.body.nodeId });
    expect(Date.parse(String(answer.body.expiresAt)) - Date.now()).to.be.within(50_000, 60_000);
  });

  it('renew by joining with the same key, and are others with another key or user', async () => {
    const [ada, bob] = [await tokenOf('ada'), await tokenOf('bob')];
    const keys = await newKeys();
    const first = await join(keys, ada.as);
    expect((await join(keys, ada.as)).body.nodeId).to.equal(first.body.nodeId);
    expect((await join(keys, ada.as, 'desk')).body.code).to.equal('BUS_KEY_TAKEN');
    expect((await join(keys, bob.as)).body.code).to.equal('BUS_KEY_TAKEN');
    expect((await join(await newKeys(), bob.as)).body.nodeId).not.to.equal(first.body.nodeId);
    const types = await query(
      controlPlane.databaseUrl,
      `SELECT type FROM events WHERE stream_id = 'local-node-${first.body.nodeId}' ORDER BY position`,
    );
    expect(types).to.deep.equal([{ type: 'LocalNodeJoined' }, { type: 'LocalNodeRenewed' }]);
  });

  it('get nothing that outlives the token of their user', async () => {
    const { as } = await tokenOf('ada', 'operator', 60);
    const { body } = await join(await newKeys(), as);
    expect(Date.parse(String(body.expiresAt))).to.be.at.most(Date.parse(String(body.tokenExpiresAt)));
  });

  it('are shown apart from agents, and never waited for', async () => {
    const { as } = await tokenOf('cyd');
    const { body } = await join(await newKeys(), as, 'desk');
    const status = await controlPlane.call('GET', '/v1/networks/dev/status');
    expect(status.body.agents).to.deep.equal([]);
    expect(status.body.status).to.equal('EMPTY');
    const shown = (status.body.localNodes as { nodeId: string }[]).find(({ nodeId }) => nodeId === body.nodeId);
    expect(shown).to.include({ user: 'cyd', machine: 'desk', status: 'UNKNOWN', appliedVersion: null });
    const applied = await controlPlane.call('GET', '/v1/networks/dev/applied/1?waitSeconds=0');
    expect(applied.body).to.include({ confirmed: 0, expected: 0 });
    const listed = await controlPlane.call('GET', '/v1/local-nodes?network=dev&user=cyd');
    expect((listed.body.items as { id: string }[]).map(({ id }) => id)).to.deep.equal([body.nodeId]);
  });

  it('are cut off the bus at once when they are revoked, and stay out', async () => {
    const { as } = await tokenOf('dan');
    const keys = await newKeys();
    const answer = await join(keys, as);
    const connection = await busAs(keys, answer);
    const nodeId = String(answer.body.nodeId);
    const revoked = await controlPlane.call('DELETE', `/v1/local-nodes/${nodeId}`);
    expect(revoked.body).to.deep.equal({ nodeId, changed: true, ...CUT, meshNode: 'none' });
    await waitFor('its connection is closed', () => connection.isClosed());
    const again = await join(keys, as);
    expect([again.status, again.body.code]).to.deep.equal([403, 'LOCAL_NODE_REVOKED']);
    expect((await controlPlane.call('GET', `/v1/local-nodes/${nodeId}`)).body.status).to.equal('REVOKED');
    expect((await controlPlane.call('DELETE', `/v1/local-nodes/${nodeId}`)).body.changed).to.equal(false);
  });

  it('are cut off the bus when the token of their user is deleted', async () => {
    const { id, as } = await tokenOf('eva');
    const keys = await newKeys();
    const answer = await join(keys, as);
    const connection = await busAs(keys, answer);
    await controlPlane.call('DELETE', `/v1/tokens/${id}`);
    await waitFor('its connection is closed', () => connection.isClosed());
    const shown = await controlPlane.call('GET', `/v1/local-nodes/${answer.body.nodeId}`);
    expect(shown.body).to.include({ status: 'EXPIRED', reason: 'the token of its user was deleted' });
    expect((await join(keys, as)).status).to.equal(401);
  });

  it('are revoked by their own user or an admin, and by nobody else', async () => {
    const [fay, gus] = [await tokenOf('fay'), await tokenOf('gus')];
    const { body } = await join(await newKeys(), fay.as);
    const path = `/v1/local-nodes/${body.nodeId}`;
    expect((await controlPlane.call('DELETE', path, undefined, { ...gus.as })).status).to.equal(403);
    expect((await controlPlane.call('POST', `${path}/leave`, undefined, { ...gus.as })).status).to.equal(403);
    const left = await controlPlane.call('POST', `${path}/leave`, undefined, { ...fay.as });
    expect(left.body).to.deep.equal({ nodeId: body.nodeId, changed: true, ...CUT, meshNode: 'none' });
    const viewer = await tokenOf('fay', 'viewer');
    expect((await join(await newKeys(), viewer.as)).status).to.equal(403);
    const missing = await controlPlane.call('DELETE', '/v1/local-nodes/nobody');
    expect([missing.status, missing.body.code]).to.deep.equal([404, 'LOCAL_NODE_NOT_FOUND']);
  });

  describe('at the bus', () => {
    let connection: NatsConnection;
    const violations: string[] = [];
    let own: ReturnType<typeof parseLocalNodeId>;

    before(async () => {
      const { as } = await tokenOf('hal');
      const keys = await newKeys();
      const answer = await join(keys, as);
      own = parseLocalNodeId(answer.body.nodeId, 'node');
      connection = await busAs(keys, answer);
      void (async () => {
        for await (const status of connection.status()) {
          if (status.permissionContext)
            violations.push(`${status.permissionContext.operation} ${status.permissionContext.subject}`);
        }
      })();
    });
    after(() => connection.close());

    const other = parseLocalNodeId('other', 'node');
    const agent = parseAgentId('host-a', 'agent');

    it('cannot listen to anything but what is sent to them', async () => {
      const forbidden = [
        '>',
        'gs.v1.local.>',
        'gs.v1.local.*.topology',
        localNodeSubject(other, 'topology'),
        localNodeSubject(own, 'applied'),
        agentSubject(agent, 'topology'),
        '_INBOX.>',
        '_INBOX.control-plane.>',
        '_INBOX.local.other.>',
        '$SYS.>',
      ];
      for (const subject of forbidden) connection.subscribe(subject, { callback: () => {} });
      for (const subject of forbidden) {
        await waitFor(`the server refused ${subject}`, () => violations.includes(`subscription ${subject}`));
      }
    });

    it('cannot say anything but what is theirs to say', async () => {
      const forbidden = [
        localNodeSubject(other, 'applied'),
        localNodeSubject(own, 'topology'),
        agentSubject(agent, 'applied'),
        agentSubject(agent, 'control'),
        '_INBOX.control-plane.x',
        '$SYS.REQ.CLAIMS.UPDATE',
        'anything',
      ];
      for (const subject of forbidden) connection.publish(subject, '{}');
      for (const subject of forbidden) {
        await waitFor(`the server refused ${subject}`, () => violations.includes(`publish ${subject}`));
      }
    });
  });
});

describe('a control plane without a mesh', () => {
  it('lets nobody join, and says what is missing', async () => {
    const controlPlane = await TestControlPlane.start();
    try {
      await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
      const body = joinBody('dev', await newKeys(), 'laptop');
      const answer = await controlPlane.call('POST', '/v1/networks/dev/local-nodes', body);
      expect([answer.status, answer.body.code]).to.deep.equal([409, 'MESH_NOT_CONFIGURED']);
      expect(answer.body.remedy).to.contain('GLOBALSTACKS_MESH_CONTROL_URL');
    } finally {
      await controlPlane.end();
    }
  });
});
