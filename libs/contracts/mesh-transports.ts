/** How nodes reach each other: over TCP (`direct`), or in a mesh with a control server (`tsnet`). */
export const MESH_TRANSPORTS = ['direct', 'tsnet'] as const;
export type MeshTransport = (typeof MESH_TRANSPORTS)[number];
