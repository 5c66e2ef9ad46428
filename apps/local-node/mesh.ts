import { CodedError } from '#libs/contracts/errors.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import type { MeshLog } from '#libs/mesh/log.js';
import { type StartedMeshNode, startMeshNode } from '#libs/mesh/mesh-node.js';

/** This machine cannot take part in the mesh that the control plane names. */
export class MeshTransportUnavailableError extends CodedError {}

/** Joins the mesh to ask for flows. Nobody asks this machine for any: it listens nowhere. */
export function joinMesh(
  transport: 'direct' | 'tsnet',
  credentials: MeshCredentials,
  log: MeshLog,
): Promise<StartedMeshNode> {
  if (transport !== 'direct') {
    throw new MeshTransportUnavailableError(
      'MESH_TRANSPORT_UNAVAILABLE',
      `this machine cannot join a mesh of transport ${transport}`,
      'start control plane and agents with GLOBALSTACKS_MESH_TRANSPORT=direct, then gstacks mesh join',
    );
  }
  return startMeshNode({ credentials, transport: directTransport({ listen: '127.0.0.1:0' }), listens: false, log });
}
