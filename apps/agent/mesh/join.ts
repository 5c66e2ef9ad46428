import type { MeshState } from '#libs/contracts/bus-messages.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import type { MeshLog } from '#libs/mesh/log.js';
import { type StartedMeshNode, startMeshNode } from '#libs/mesh/mesh-node.js';
import { type MeshSettings, unavailableMesh } from './mesh-settings.js';

/** This agent's place in the mesh; without a node, the state says why. */
export interface JoinedMesh {
  readonly node: StartedMeshNode | null;
  readonly state: MeshState;
}

/** Errors: MeshListenError, MeshCredentialsError. A mesh that the settings leave out is a state, not an error. */
export async function joinMesh(
  settings: MeshSettings,
  credentials: MeshCredentials,
  log: MeshLog,
): Promise<JoinedMesh> {
  if (settings.kind === 'unavailable') return { node: null, state: unavailableMesh(settings) };
  const transport = directTransport({ listen: settings.listen, advertise: settings.advertise });
  const node = await startMeshNode({ credentials, transport, log });
  return {
    node,
    state: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: node.endpoints },
  };
}
