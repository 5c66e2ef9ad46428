/** Variables of the mesh for the control plane, which offers the mesh to agents. */
const CONTROL_PLANE_VARIABLES = [
  'GLOBALSTACKS_MESH_TRANSPORT',
  'GLOBALSTACKS_MESH_CONTROL_URL',
  'GLOBALSTACKS_MESH_AUTH_KEY',
  'GLOBALSTACKS_MESH_API_URL',
  'GLOBALSTACKS_MESH_API_TOKEN',
  'GLOBALSTACKS_MESH_API_KIND',
  'GLOBALSTACKS_MESH_USER',
  'GLOBALSTACKS_MESH_KEY_SECONDS',
];

type Variables = Readonly<Record<string, string | undefined>>;

/** The mesh of a stack: TCP on this machine, unless the environment names a control server or the transport tsnet. */
export interface StackMesh {
  readonly transport: 'direct' | 'tsnet';
  readonly controlPlane: Variables;
  readonly agent: (endpoint: string) => Variables;
}

/** The processes themselves validate their settings. */
export function stackMesh(environment: Variables): StackMesh {
  const named = environment.GLOBALSTACKS_MESH_TRANSPORT || null;
  const isTsnet = named === null ? Boolean(environment.GLOBALSTACKS_MESH_CONTROL_URL) : named !== 'direct';
  if (isTsnet) {
    const controlPlane = Object.fromEntries(CONTROL_PLANE_VARIABLES.map((name) => [name, environment[name]]));
    return { transport: 'tsnet', controlPlane, agent: () => ({}) };
  }
  const direct = { GLOBALSTACKS_MESH_TRANSPORT: 'direct' };
  return {
    transport: 'direct',
    controlPlane: direct,
    agent: (endpoint) => ({
      ...direct,
      GLOBALSTACKS_MESH_DIRECT_LISTEN: endpoint,
      GLOBALSTACKS_MESH_DIRECT_ADVERTISE: endpoint,
    }),
  };
}
