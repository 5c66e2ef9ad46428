import type { MeshState } from '#libs/contracts/bus-messages.js';

/** How this agent is to reach its peers, or why it cannot: said at the control plane, never worked around. */
export type MeshSettings =
  | { readonly kind: 'direct'; readonly listen: string; readonly advertise: string | null }
  | {
      readonly kind: 'unavailable';
      readonly transport: 'tsnet' | 'none';
      readonly code: string;
      readonly message: string;
    };

type Variables = { readonly [name: string]: string | undefined };

const KEY_SOURCES = 'GLOBALSTACKS_MESH_AUTH_KEY, or GLOBALSTACKS_MESH_API_URL with GLOBALSTACKS_MESH_API_TOKEN';
const DIRECT_LISTEN_DEFAULT = '0.0.0.0:0';

/** The transport named wins; else a control URL means tsnet; with neither there is no mesh, and no fallback. */
export function meshSettings(transport: 'direct' | 'tsnet' | null, variables: Variables): MeshSettings {
  if (transport === 'direct') {
    return {
      kind: 'direct',
      listen: variables.GLOBALSTACKS_MESH_DIRECT_LISTEN ?? DIRECT_LISTEN_DEFAULT,
      advertise: variables.GLOBALSTACKS_MESH_DIRECT_ADVERTISE ?? null,
    };
  }
  if (variables.GLOBALSTACKS_MESH_CONTROL_URL === undefined) {
    const wanted =
      transport === 'tsnet' ? ', which the transport tsnet needs' : ' or GLOBALSTACKS_MESH_TRANSPORT=direct';
    return {
      kind: 'unavailable',
      transport: transport ?? 'none',
      code: 'MESH_NOT_CONFIGURED',
      message: `no mesh: set GLOBALSTACKS_MESH_CONTROL_URL${wanted}`,
    };
  }
  const mints =
    variables.GLOBALSTACKS_MESH_API_URL !== undefined && variables.GLOBALSTACKS_MESH_API_TOKEN !== undefined;
  if (variables.GLOBALSTACKS_MESH_AUTH_KEY === undefined && !mints) {
    return {
      kind: 'unavailable',
      transport: 'tsnet',
      code: 'MESH_KEY_SOURCE_MISSING',
      message: `GLOBALSTACKS_MESH_CONTROL_URL is set without a key source: set ${KEY_SOURCES}`,
    };
  }
  return {
    kind: 'unavailable',
    transport: 'tsnet',
    code: 'MESH_TRANSPORT_UNAVAILABLE',
    message:
      'this version has no tsnet transport: set GLOBALSTACKS_MESH_TRANSPORT=direct between hosts that reach each other',
  };
}

/** The state an agent without a mesh reports. */
export function unavailableMesh(settings: Extract<MeshSettings, { kind: 'unavailable' }>): MeshState {
  const { transport, code, message } = settings;
  return { transport, state: 'failed', code, message, endpoints: [] };
}
