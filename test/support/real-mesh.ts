import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshMember } from '#libs/mesh/flow.js';
import { startMeshMember } from '#libs/mesh/mesh-member.js';
import { agent, agentIdentity, TestStore } from '#test/support/mesh-store.js';

/** Two agents of one store that reach each other over loopback, with mutual TLS and HTTP/2. */
export async function startRealMeshPair(first: string, second: string): Promise<[MeshMember, MeshMember]> {
  const store = await TestStore.create('flows');
  const start = async (name: string) =>
    startMeshMember({
      credentials: await store.credentials(agentIdentity(name)),
      transport: directTransport({ listen: '127.0.0.1:0' }),
      log: () => {},
    });
  const [one, two] = await Promise.all([start(first), start(second)]);
  one.setPeers([{ agentId: agent(second), endpoints: two.endpoints, keyThumbprint: null }]);
  two.setPeers([{ agentId: agent(first), endpoints: one.endpoints, keyThumbprint: null }]);
  return [one, two];
}
