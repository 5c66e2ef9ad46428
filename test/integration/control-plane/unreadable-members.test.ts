import { expect } from 'chai';
import { appendAsNewerRelease } from '#test/support/newer-release.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import { SimulatedLocalNode } from './simulated-local-node.js';

type Body = Readonly<Record<string, unknown>>;

describe('streams of sandboxes, agents and local nodes that hold an event of a newer release', () => {
  let controlPlane: TestControlPlane;
  let node: SimulatedLocalNode;
  const positions = new Map<string, number>();

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
    await controlPlane.agent('host-a', ['sbx-web', 'sbx-odd']);
    await controlPlane.agent('host-odd', ['sbx-there']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    for (const sandboxId of ['sbx-web', 'sbx-odd', 'sbx-there']) {
      await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId });
    }
    node = await SimulatedLocalNode.join(controlPlane, 'dev', 'ada');
    const newer = { type: 'Painted', schemaVersion: 1, data: {} };
    for (const stream of ['sandbox-sbx-odd', 'agent-host-odd', `local-node-${node.nodeId}`]) {
      positions.set(stream, await appendAsNewerRelease(controlPlane.databaseUrl, stream, [newer]));
    }
    await waitFor('they were read', async () => {
      return (await controlPlane.call('GET', '/metrics')).text.includes('\ngs_unreadable_streams 3\n');
    });
  });
  after(async () => {
    await node?.close();
    await controlPlane.end();
  });

  const get = async (path: string): Promise<Body> => (await controlPlane.call('GET', path)).body;
  const listed = async (path: string, id: string) =>
    ((await get(path)).items as readonly Body[]).find((item) => item.id === id);

  const answers = () => {
    const shown: readonly (readonly [string, string, () => Promise<Body | undefined>])[] = [
      ['sandbox', 'sandbox-sbx-odd', () => get('/v1/sandboxes/sbx-odd')],
      ['agent', 'agent-host-odd', () => listed('/v1/agents', 'host-odd')],
      ['local node', 'local-node-', () => get(`/v1/local-nodes/${node.nodeId}`)],
    ];
    for (const [what, stream, read] of shown) {
      it(`shows where the stream of a ${what} cannot be read from`, async () => {
        const position = [...positions].find(([name]) => name.startsWith(stream))?.[1];
        expect((await read())?.unreadable).to.include({ position, eventType: 'Painted', schemaVersion: 1 });
      });
    }

    it('lists them in readyz by their kind', async () => {
      const { info } = (await get('/readyz')) as { info: { streams: { first: readonly { kind: string }[] } } };
      const kinds = info.streams.first.map(({ kind }) => kind);
      expect(kinds).to.have.members(['sandbox', 'agent', 'local-node']);
    });

    it('refuses what would be decided on half a stream', async () => {
      const refused = [
        await controlPlane.call('PATCH', '/v1/sandboxes/sbx-odd/labels', { set: { a: '1' } }),
        await controlPlane.call('POST', '/v1/sandboxes/sbx-odd/release', {}),
      ];
      for (const { status, body } of refused) {
        expect([status, body.code]).to.deep.equal([409, 'STREAM_UNREADABLE']);
        expect(body.detail).to.match(/^sandbox sbx-odd cannot be read from its version /);
      }
    });

    it('takes the rest of an inventory that has such a sandbox', async () => {
      const [hostA] = controlPlane.agents;
      expect(await hostA?.report(['sbx-odd', 'sbx-web', 'sbx-new'])).to.deep.include({
        accepted: ['sbx-web', 'sbx-new'],
        conflicts: [],
      });
      expect(await get('/v1/sandboxes/sbx-new')).to.include({ status: 'RUNNING' });
      await hostA?.report(['sbx-web']);
      expect(await get('/v1/sandboxes/sbx-new')).to.include({ status: 'GONE' });
      expect(await get('/v1/sandboxes/sbx-odd')).to.include({ agentId: 'host-a' });
    });
  };

  describe('as it comes', () => {
    answers();

    it('renews no credentials of such an agent', async () => {
      const answer = await controlPlane.agents[1]?.renew();
      expect([answer?.status, answer?.body.code]).to.deep.equal([409, 'STREAM_UNREADABLE']);
    });
  });

  describe('after a restart', () => {
    before(async () => {
      await controlPlane.stop();
      await controlPlane.startAgain();
      for (const agent of controlPlane.agents) await agent.contact('heartbeat');
    });
    answers();
  });

  describe('still lets members be thrown out, which lasts over a restart', () => {
    it('an agent is revoked, and its sandboxes are released', async () => {
      const { body } = await controlPlane.call('DELETE', '/v1/agents/host-odd');
      expect(body).to.include({ changed: true, connectionCut: true });
      await waitFor('its sandbox is released', async () => {
        return (await get('/v1/sandboxes/sbx-there')).status === 'UNPLACED';
      });
    });

    it('a local node is revoked', async () => {
      const { body } = await controlPlane.call('DELETE', `/v1/local-nodes/${node.nodeId}`);
      expect(body).to.include({ changed: true });
    });

    it('and both are out after a restart', async () => {
      await controlPlane.stop();
      await controlPlane.startAgain();
      expect(await listed('/v1/agents', 'host-odd')).to.include({ status: 'REVOKED' });
      expect(await get(`/v1/local-nodes/${node.nodeId}`)).to.include({ status: 'REVOKED' });
    });
  });

  describe('copies to networks', () => {
    it('go on past a network that cannot be read', async () => {
      const { id } = await get('/v1/networks/dev');
      await controlPlane.call('POST', '/v1/networks', { name: 'other' });
      await controlPlane.call('POST', '/v1/networks/other/attachments', { sandboxId: 'sbx-web' });
      const newer = { type: 'NetworkPainted', schemaVersion: 1, data: {} };
      await appendAsNewerRelease(controlPlane.databaseUrl, `network-${id}`, [newer]);
      await waitFor('dev cannot be read', async () => (await get('/v1/networks/dev')).status === 'STREAM_UNREADABLE');
      // In whatever order the first one is copied, the second comes after the copy that cannot be made.
      for (const tier of ['web', 'edge']) {
        await controlPlane.call('PATCH', '/v1/sandboxes/sbx-web/labels', { set: { tier } });
        await waitFor('the other network has the label', async () => {
          const { items } = await get('/v1/networks/other/attachments');
          return JSON.stringify(items).includes(`"tier":"${tier}"`);
        });
      }
    });

    it('that were left out are made at the start: a release that reads the network again has missed them', async () => {
      await controlPlane.stop();
      await query(controlPlane.databaseUrl, 'UPDATE process_cursors SET position = position + 1000');
      const labels = { tier: 'late' };
      await appendAsNewerRelease(controlPlane.databaseUrl, 'sandbox-sbx-web', [
        { type: 'SandboxLabelled', schemaVersion: 1, data: { labels } },
      ]);
      await controlPlane.startAgain();
      await waitFor('the label is there', async () => {
        const { items } = await get('/v1/networks/other/attachments');
        return JSON.stringify(items).includes('"tier":"late"');
      });
    });
  });
});
