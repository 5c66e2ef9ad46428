import { CodedError } from '#libs/contracts/errors.js';
import type { MeshWay } from '#libs/member/join-mesh.js';
import type { LocalCredentials } from './control-plane-api.js';

/** The control plane does not name a mesh to join. */
export class MeshNotConfiguredError extends CodedError {}

/** Prefix of the folders in which nodes keep state while they run. */
export const MESH_FOLDER_PREFIX = 'mesh-';

/** How this machine joins the mesh; it takes no flows from others. Error: MeshNotConfiguredError. */
export function meshWayOf({ meshTransport, meshControlUrl }: LocalCredentials, meshNode: string): MeshWay {
  if (meshTransport === 'direct') return { kind: 'direct', listen: '127.0.0.1:0', advertise: null };
  if (meshControlUrl === null) {
    throw new MeshNotConfiguredError(
      'MESH_NOT_CONFIGURED',
      'the control plane has a tsnet mesh without a control server',
      'set GLOBALSTACKS_MESH_CONTROL_URL at the control plane, then gstacks mesh join <network>',
    );
  }
  return { kind: 'tsnet', controlUrl: meshControlUrl, authKey: null, meshNode };
}
