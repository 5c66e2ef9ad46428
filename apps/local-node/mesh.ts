import { join } from 'node:path';
import { CodedError } from '#libs/contracts/errors.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { meshHostname } from '#libs/mesh/hostname.js';
import type { MeshLog } from '#libs/mesh/log.js';
import { type StartedMeshMember, startMeshMember } from '#libs/mesh/mesh-member.js';
import type { Transport } from '#libs/mesh/transport.js';
import { tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';
import type { LocalCredentials } from './control-plane-api.js';

/** The control plane does not say which mesh to join. */
export class MeshNotConfiguredError extends CodedError {}

/** Of the folders that hold what nodes keep while they run. */
export const MESH_FOLDER_PREFIX = 'mesh-';

export interface LocalMeshPorts {
  readonly credentials: MeshCredentials;
  /** The program apps/mesh-node. */
  readonly meshNode: string;
  /** This machine's own, where nodes keep what they need while they run. */
  readonly folder: string;
  readonly requestKey: (signal: AbortSignal) => Promise<string>;
  readonly changed: () => void;
  readonly log: MeshLog;
}

/**
 * Takes part in the mesh to ask for flows; nobody asks this machine for any, and it listens nowhere. Resolves before it
 * has joined.
 */
export function joinMesh(issued: LocalCredentials, ports: LocalMeshPorts): Promise<StartedMeshMember> {
  const transport = transportFor(issued, ports);
  transport.onStatus(ports.changed);
  return startMeshMember({ credentials: ports.credentials, transport, listens: false, log: ports.log });
}

function transportFor({ nodeId, meshTransport, meshControlUrl }: LocalCredentials, ports: LocalMeshPorts): Transport {
  if (meshTransport === 'direct') return directTransport({ listen: '127.0.0.1:0' });
  if (meshControlUrl === null) {
    throw new MeshNotConfiguredError(
      'MESH_NOT_CONFIGURED',
      'the control plane has a tsnet mesh without a control server',
      'set GLOBALSTACKS_MESH_CONTROL_URL at the control plane, then gstacks mesh join',
    );
  }
  return tsnetTransport({
    binary: ports.meshNode,
    controlUrl: meshControlUrl,
    hostname: meshHostname({ kind: 'local', id: nodeId }),
    stateFolder: join(ports.folder, `${MESH_FOLDER_PREFIX}${nodeId}`),
    isEphemeral: true,
    requestKey: ports.requestKey,
  });
}
