import { expect } from 'chai';
import { directTransport } from '#libs/mesh/direct-transport.js';
import { startMeshNode } from '#libs/mesh/mesh-node.js';
import { agent, agentIdentity, flowRequest, TestStore } from './store.js';

describe('mesh, first light', () => {
  it('carries bytes both ways', async () => {
    const store = await TestStore.create('store-1');
    const start = async (name: string) =>
      startMeshNode({
        credentials: await store.credentials(agentIdentity(name)),
        transport: directTransport({ listen: '127.0.0.1:0' }),
        log: (entry) => console.log(entry),
      });
    const a = await start('host-a');
    const b = await start('host-b');
    b.onFlow((flow) => {
      const stream = flow.accept(9);
      stream.pipe(stream);
    });
    a.setPeers([{ agentId: agent('host-b'), endpoints: b.endpoints }]);
    const flow = await a.open(agent('host-b'), flowRequest(), new AbortController().signal);
    expect(flow.targetVersion).to.equal(9);
    flow.end('hello');
    const chunks: Buffer[] = [];
    for await (const chunk of flow) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).to.equal('hello');
    await Promise.all([a.close(), b.close()]);
  });
});
