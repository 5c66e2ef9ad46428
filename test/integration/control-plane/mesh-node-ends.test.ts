import { expect } from 'chai';
import { waitFor } from '#test/support/wait.js';
import { MeshRig } from './mesh-rig.js';

for (const kind of ['headscale', 'tailscale'] as const) {
  describe(`nodes at the mesh's control server, ${kind}`, () => {
    let rig: MeshRig;

    before(async () => {
      rig = await MeshRig.start(kind);
      rig.stub.addForeign('printer', null);
      const bystander = await rig.controlPlane.agent('bystander');
      rig.stub.join(String((await bystander.meshKey()).body.authKey), 'gs-agent-bystander');
    });
    after(() => rig.end());

    afterEach('nobody else’s node was touched', () => {
      rig.stub.comeBack();
      expect(rig.names()).to.include.members(['printer', 'gs-agent-bystander']);
    });

    const revoke = (id: string) => rig.controlPlane.call('DELETE', `/v1/local-nodes/${id}`);
    const revokeAgent = (id: string) => rig.controlPlane.call('DELETE', `/v1/agents/${id}`);

    it('are deleted when their owner is revoked or leaves, and no others', async () => {
      const [leaver, stayer] = [await rig.localNodeInMesh('cyd'), await rig.localNodeInMesh('cyd')];
      const revoked = await revoke(leaver.id);
      expect(revoked.body).to.include({ nodeId: leaver.id, changed: true, meshNode: 'removed' });
      expect(rig.names()).to.include(stayer.name).and.not.include(leaver.name);
      expect((await revoke(leaver.id)).body).to.include({ changed: false, meshNode: 'removed' });
      const path = `/v1/local-nodes/${stayer.id}/leave`;
      const left = await rig.controlPlane.call('POST', path, undefined, { ...stayer.as });
      expect(left.body).to.include({ nodeId: stayer.id, changed: true, meshNode: 'removed' });
      expect(rig.names()).to.not.include(stayer.name);
    });

    it('cannot come into being any more with a key that was not used yet', async () => {
      const { id, as } = await rig.localNode('eva');
      await rig.localKey(id, as);
      const key = rig.stub.keys.at(-1);
      expect((await revoke(id)).body.meshNode).to.equal('removed');
      expect(rig.stub.open().map((open) => open.id)).to.not.include(key?.id);
    });

    it('are none where no key was asked for', async () => {
      const { id } = await rig.localNode('fay');
      expect((await revoke(id)).body.meshNode).to.equal('none');
      await rig.controlPlane.agent('host-a');
      expect((await revokeAgent('host-a')).body.meshNode).to.equal('none');
    });

    it('of somebody who left and joined again stay', async () => {
      const first = await rig.localNodeInMesh('gus');
      const path = `/v1/local-nodes/${first.id}/leave`;
      await rig.controlPlane.call('POST', path, undefined, { ...first.as });
      expect(rig.names()).to.not.include(first.name);
      const again = await rig.localNodeInMesh('gus', first.keys);
      expect(again.id).to.equal(first.id);
      const other = await rig.localNodeInMesh('hal');
      expect((await revoke(other.id)).body.meshNode).to.equal('removed');
      expect(rig.names()).to.include(again.name);
    });

    it('end with the token of their user', async () => {
      const { tokenId, name } = await rig.localNodeInMesh('ida');
      await rig.controlPlane.call('DELETE', `/v1/tokens/${tokenId}`);
      await waitFor('the node is deleted', () => !rig.names().includes(name));
    });

    it('are deleted as soon as the API is back, also after a restart meanwhile', async () => {
      const agent = await rig.controlPlane.agent('host-b');
      rig.stub.join(String((await agent.meshKey()).body.authKey), 'gs-agent-host-b');
      const local = await rig.localNodeInMesh('jim');
      rig.stub.goAway();
      const revoked = await revokeAgent('host-b');
      expect(revoked.body).to.include({ changed: true, connectionCut: true, meshNode: 'pending' });
      await rig.controlPlane.stop();
      await rig.controlPlane.startAgain();
      expect((await revoke(local.id)).body.meshNode).to.equal('pending');
      expect(rig.names()).to.include.members(['gs-agent-host-b', local.name]);
      rig.stub.comeBack();
      await waitFor('both nodes are deleted', () => {
        return !rig.names().includes('gs-agent-host-b') && !rig.names().includes(local.name);
      });
      await waitFor('that is known', async () => (await revokeAgent('host-b')).body.meshNode === 'removed');
    });

    it('of an agent’s name belong to whoever held it when they joined', async () => {
      const old = await rig.controlPlane.agent('host-c');
      rig.stub.join(String((await old.meshKey()).body.authKey), 'gs-agent-host-c');
      const oldNode = rig.stub.nodes.at(-1);
      rig.stub.goAway();
      expect((await revokeAgent('host-c')).body.meshNode).to.equal('pending');
      const fresh = await rig.controlPlane.agent('host-c');
      rig.stub.comeBack();
      rig.stub.join(String((await fresh.meshKey()).body.authKey), 'gs-agent-host-c');
      await waitFor('the old node is deleted', () => !rig.stub.nodes.some(({ id }) => id === oldNode?.id));
      expect(rig.names()).to.include('gs-agent-host-c');
      expect((await revokeAgent('host-c')).body.meshNode).to.equal('removed');
      expect(rig.names()).to.not.include('gs-agent-host-c');
    });

    if (kind === 'headscale') {
      it('are known by their key and not by their host name, where the control server tells the key', async () => {
        const agent = await rig.controlPlane.agent('host-d');
        // The holder of a key may choose any host name for its node.
        rig.stub.join(String((await agent.meshKey()).body.authKey), 'innocent');
        rig.stub.addForeign('gs-agent-host-d', '4711');
        expect((await revokeAgent('host-d')).body.meshNode).to.equal('removed');
        expect(rig.names()).to.include('gs-agent-host-d').and.not.include('innocent');
      });
    }
  });
}
