import type { ControlPlaneMeshSettings } from '../foundation/mesh-settings.js';

/** Warnings about the source of mesh keys, each with a code. */
export function keySourceWarnings({ keySource, isAuthKeyUnused }: ControlPlaneMeshSettings): readonly {
  readonly code: string;
  readonly message: string;
}[] {
  if (isAuthKeyUnused) {
    return [
      {
        code: 'MESH_AUTH_KEY_UNUSED',
        message: 'GLOBALSTACKS_MESH_AUTH_KEY is not used: keys are minted through GLOBALSTACKS_MESH_API_URL; unset it',
      },
    ];
  }
  if (keySource.kind !== 'pre-created') return [];
  return [
    {
      code: 'MESH_KEY_PRE_CREATED',
      message:
        'all nodes get the same key, that of GLOBALSTACKS_MESH_AUTH_KEY: it stays valid when a node is revoked, anybody ' +
        'who reads it can join the mesh, and revoked nodes are not deleted at the control server; to have a key minted ' +
        'for each node, set GLOBALSTACKS_MESH_API_URL and GLOBALSTACKS_MESH_API_TOKEN',
    },
  ];
}
