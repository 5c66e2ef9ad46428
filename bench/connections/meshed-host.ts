import type { MeshCredentials } from '#libs/mesh/flow.js';
import { startMeshMember } from '#libs/mesh/mesh-member.js';
import { agent } from '#test/support/mesh-store.js';
import { transportOf } from '../mesh/transports.js';
import { type BackendPlace, createHostEngine, type HostName, listenFor } from '../proxy/host-engine.js';

/** The data plane of one of two hosts, which have a direct mesh. It tells its parent where the other one reaches it. */

export interface MeshedHost {
  readonly host: HostName;
  readonly place: BackendPlace;
  readonly credentials: MeshCredentials;
  readonly peer: { readonly host: HostName; readonly endpoints: readonly string[] };
}

process.once('message', async ({ host, place, credentials, peer }: MeshedHost) => {
  const mesh = await startMeshMember({ credentials, transport: transportOf({ kind: 'direct' }), log: () => undefined });
  mesh.setPeers([{ agentId: agent(peer.host), endpoints: peer.endpoints, keyThumbprint: null }]);
  const engine = createHostEngine(host, place, mesh);
  mesh.onFlow((flow) => engine.acceptPeer(flow));
  if (host !== place.on) await listenFor(engine, place);
  process.send?.(mesh.endpoints);
});
process.once('disconnect', () => process.exit(0));
