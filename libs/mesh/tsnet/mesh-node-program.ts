import { fileURLToPath } from 'node:url';
import { CodedError } from '#libs/contracts/errors.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';

/** Where `npm start` and `npm test` build apps/mesh-node, whether it is there or not. */
export const BUILT_MESH_NODE = fileURLToPath(new URL('../../../../.cache/bin/mesh-node', import.meta.url));

/** There is no mesh-node, and none could be built or started. */
export class MeshNodeMissingError extends CodedError {
  constructor(message: string) {
    super('MESH_NODE_MISSING', message, meshRemedy('MESH_NODE_MISSING'));
  }
}
