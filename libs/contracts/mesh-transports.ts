/** How nodes reach each other: over TCP as it is, or in a mesh with a control server. */
export const MESH_TRANSPORTS = ['direct', 'tsnet'] as const;
export type MeshTransport = (typeof MESH_TRANSPORTS)[number];
