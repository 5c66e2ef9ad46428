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
        'every node gets the key in GLOBALSTACKS_MESH_AUTH_KEY: it does not end with a node, whoever reads it can join ' +
        'the mesh, and nodes that are revoked are not deleted at the control server; to have keys minted for each node, ' +
        'set GLOBALSTACKS_MESH_API_URL and GLOBALSTACKS_MESH_API_TOKEN',
    },
  ];
}
