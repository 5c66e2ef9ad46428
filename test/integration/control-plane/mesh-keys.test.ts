import { expect } from 'chai';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { API_TOKEN } from '../mesh-keys/stub-control-server.js';
import { joinDev, newKeys, tokenFor } from './joining.js';
import { MeshRig } from './mesh-rig.js';
import { TestControlPlane } from './setup.js';

for (const kind of ['headscale', 'tailscale'] as const) {
  describe(`keys for the mesh, minted by ${kind}`, () => {
    let rig: MeshRig;

    before(async () => {
      rig = await MeshRig.start(kind);
    });
    after(() => rig.end());
    afterEach(() => rig.stub.comeBack());

    it('are for one use and some minutes, and outlive an agent but not a local node', async () => {
      const agent = await rig.controlPlane.agent('host-a');
      expect(agent.credentials).to.include({ meshTransport: 'tsnet', meshControlUrl: rig.stub.url });
      const answer = await agent.meshKey();
      expect(answer.status, answer.text).to.equal(201);
      const minted = rig.stub.keys.at(-1);
      expect(minted).to.deep.include({ isReusable: false, isEphemeral: false, tags: ['tag:gstacks-agent'] });
      expect(answer.body).to.deep.include({ controlUrl: rig.stub.url, authKey: minted?.key });
      expect(Date.parse(String(answer.body.expiresAt)) - Date.now()).to.be.within(290_000, 301_000);
      expect(minted?.expiration).to.equal(answer.body.expiresAt);

      const node = await rig.localNode('ada');
      expect(node.answer.body).to.include({ meshTransport: 'tsnet', meshControlUrl: rig.stub.url });
      expect((await rig.localKey(node.id, node.as)).status).to.equal(201);
      const local = { isReusable: false, isEphemeral: true, tags: ['tag:gstacks-local'] };
      expect(rig.stub.keys.at(-1)).to.deep.include(local);
    });

    it('go to the agent that signed for one, in time, and to no other', async () => {
      const agent = await rig.controlPlane.agent('host-b');
      const count = rig.stub.keys.length;
      const forged = await agent.meshKey({ signature: Buffer.alloc(64).toString('base64') });
      expect([forged.status, forged.body.code]).to.deep.equal([401, 'MESH_KEY_REQUEST_REFUSED']);
      for (const minutes of [-2, 2]) {
        const late = await agent.meshKey({ timestamp: new Date(Date.now() + minutes * 60_000).toISOString() });
        expect([late.status, late.body.code]).to.deep.equal([401, 'MESH_KEY_REQUEST_OUT_OF_TIME']);
      }
      const other = await rig.controlPlane.agent('host-c');
      const posing = await other.meshKey({ agentId: agent.agentId });
      expect([posing.status, posing.body.code]).to.deep.equal([403, 'AGENT_KEY_MISMATCH']);
      await rig.controlPlane.call('DELETE', '/v1/agents/host-c');
      const revoked = await other.meshKey();
      expect([revoked.status, revoked.body.code]).to.deep.equal([403, 'AGENT_REVOKED']);
      expect(rig.stub.keys).to.have.length(count);
    });

    it('go to the user of a local node while it is joined, and to no other', async () => {
      const { id, as } = await rig.localNode('bob');
      const count = rig.stub.keys.length;
      const someone = await rig.localKey(id, (await tokenFor(rig.controlPlane, 'eve')).as);
      expect([someone.status, someone.body.code]).to.deep.equal([403, 'LOCAL_NODE_NOT_OWNED']);
      const admin = await rig.controlPlane.call('POST', `/v1/local-nodes/${id}/mesh-keys`);
      expect([admin.status, admin.body.code]).to.deep.equal([403, 'LOCAL_NODE_NOT_OWNED']);
      const viewer = await rig.localKey(id, (await tokenFor(rig.controlPlane, 'bob', 'viewer')).as);
      expect([viewer.status, viewer.body.code]).to.deep.equal([403, 'JOIN_NOT_ALLOWED']);
      expect((await rig.localKey('nobody', as)).status).to.equal(404);
      await rig.controlPlane.call('POST', `/v1/local-nodes/${id}/leave`, undefined, { ...as });
      const left = await rig.localKey(id, as);
      expect([left.status, left.body.code]).to.deep.equal([403, 'LOCAL_NODE_LEFT']);
      expect(rig.stub.keys).to.have.length(count);
    });

    it('are expired again when a newer one takes their place, unless they were used', async () => {
      const agent = await rig.controlPlane.agent('host-d');
      rig.stub.join(String((await agent.meshKey()).body.authKey), 'gs-agent-host-d');
      const used = rig.stub.keys.at(-1);
      await agent.meshKey();
      const unused = rig.stub.keys.at(-1);
      await agent.meshKey();
      const newest = rig.stub.keys.at(-1);
      await waitFor('the first two are settled', async () => {
        return (await rig.rowsOf('host-d')).filter(({ settled_at }) => settled_at !== null).length === 2;
      });
      const open = rig.stub.open().map(({ id }) => id);
      expect(open).to.include(newest?.id).and.not.include(unused?.id);
      expect(Date.parse(used?.expiration ?? '')).to.be.above(Date.now());
      expect(rig.names()).to.include('gs-agent-host-d');
    });

    it('are expired again when nobody uses them within a minute', async () => {
      const agent = await rig.controlPlane.agent('host-e');
      await agent.meshKey();
      const key = rig.stub.keys.at(-1);
      await rig.controlPlane.stop();
      // The rest of the minute passes while the control plane runs again.
      const { databaseUrl } = rig.controlPlane;
      await query(databaseUrl, "UPDATE mesh_keys SET minted_at = now() - interval '58 s' WHERE owner_id = 'host-e'");
      await rig.controlPlane.startAgain();
      const settled = await waitFor('it is settled', async () => {
        const [row] = await rig.rowsOf('host-e');
        return row?.settled_at === null ? undefined : row;
      });
      expect(rig.stub.open().map(({ id }) => id)).to.not.include(key?.id);
      expect(Number(settled.settled_at) - Number(settled.minted_at)).to.be.at.least(60_000);
    });

    it('are refused with the reason when the API gives none', async () => {
      const agent = await rig.controlPlane.agent('host-f');
      rig.stub.goAway();
      const answer = await agent.meshKey();
      expect([answer.status, answer.body.code]).to.deep.equal([502, 'MESH_API_UNREACHABLE']);
      expect(answer.body.remedy).to.include('GLOBALSTACKS_MESH_API_URL');
      expect(await rig.rowsOf('host-f')).to.deep.equal([]);
    });

    it('are in no log and no table', async () => {
      const secrets = [API_TOKEN, ...rig.stub.keys.map(({ key }) => key)];
      expect(secrets.length).to.be.above(5);
      for (const secret of secrets) expect(rig.controlPlane.log.join('')).to.not.include(secret);
      const { databaseUrl } = rig.controlPlane;
      const tables = await query(
        databaseUrl,
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
      );
      expect(tables.map(({ name }) => name)).to.include.members(['mesh_keys', 'events', 'commands']);
      for (const { name } of tables) {
        const rows = JSON.stringify(await query(databaseUrl, `SELECT t::text AS row FROM "${name}" t`));
        for (const secret of secrets) expect(rows, `table ${name}`).to.not.include(secret);
      }
    });
  });
}

describe('a mesh whose key was made before', () => {
  const PRE_CREATED = 'hskey-auth-made-before';

  async function withMesh(
    environment: Record<string, string>,
    look: (controlPlane: TestControlPlane) => Promise<void>,
  ) {
    const controlPlane = await TestControlPlane.start(environment);
    try {
      await look(controlPlane);
    } finally {
      await controlPlane.end();
    }
  }
  const CONTROL = { GLOBALSTACKS_MESH_CONTROL_URL: 'https://mesh.example' };

  it('gives every node that key, says at the start what it costs, and logs it nowhere', () =>
    withMesh({ ...CONTROL, GLOBALSTACKS_MESH_AUTH_KEY: PRE_CREATED }, async (controlPlane) => {
      await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
      const key = { controlUrl: 'https://mesh.example', authKey: PRE_CREATED, expiresAt: null };
      const agent = await controlPlane.agent('host-a');
      expect((await agent.meshKey()).body).to.deep.equal(key);
      const { as } = await tokenFor(controlPlane, 'ada');
      const { body } = await joinDev(controlPlane, await newKeys(), as, 'laptop');
      const path = `/v1/local-nodes/${String(body.nodeId)}`;
      const answer = await controlPlane.call('POST', `${path}/mesh-keys`, undefined, { ...as });
      expect(answer.body).to.deep.equal(key);
      expect((await controlPlane.call('DELETE', path)).body).to.include({ meshNode: 'none' });
      expect(controlPlane.log.join('')).to.include('MESH_KEY_PRE_CREATED').and.not.include(PRE_CREATED);
    }));

  const refusals: readonly (readonly [Record<string, string>, string])[] = [
    [{}, 'MESH_NOT_CONFIGURED'],
    [{ GLOBALSTACKS_MESH_TRANSPORT: 'direct' }, 'MESH_NOT_CONFIGURED'],
    [CONTROL, 'MESH_KEY_SOURCE_MISSING'],
    [{ ...CONTROL, GLOBALSTACKS_MESH_API_TOKEN: 'secret' }, 'MESH_KEY_SOURCE_MISSING'],
  ];
  for (const [environment, code] of refusals) {
    const given = Object.keys(environment).join(' and ') || 'nothing';
    it(`is not there with ${given}: no key, and ${code}`, () =>
      withMesh(environment, async (controlPlane) => {
        const answer = await (await controlPlane.agent('host-a')).meshKey();
        expect([answer.status, answer.body.code]).to.deep.equal([409, code]);
        expect(answer.body.remedy).to.include('GLOBALSTACKS_MESH_');
      }));
  }
});
