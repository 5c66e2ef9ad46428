import { fileURLToPath } from 'node:url';
import { CodedError } from '#libs/contracts/errors.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';

/** Where `npm start` and `npm test` build apps/mesh-node; the file may be missing. */
export const BUILT_MESH_NODE = fileURLToPath(new URL('../../../../.cache/bin/mesh-node', import.meta.url));

/** mesh-node is missing, and could not be built or started. */
export class MeshNodeMissingError extends CodedError {
  constructor(message: string) {
    super('MESH_NODE_MISSING', message, meshRemedy('MESH_NODE_MISSING'));
  }
}
