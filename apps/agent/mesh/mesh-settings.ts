import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseHttpUrl } from '#libs/contracts/urls.js';
import type { MeshWay } from '#libs/member/join-mesh.js';
import { BUILT_MESH_NODE } from '#libs/mesh/tsnet/mesh-node-program.js';

/** What this host says of its mesh. What it leaves open the control plane says, with the agent's credentials. */
export interface MeshSettings {
  readonly transport: 'direct' | 'tsnet' | null;
  readonly directListen: string;
  readonly directAdvertise: string | null;
  readonly controlUrl: string | null;
  /** A key of this host's own, made before by an operator; null: the control plane gives one when it is needed. */
  readonly authKey: string | null;
  /** The program apps/mesh-node. */
  readonly meshNode: string;
}

/** What the control plane says of the mesh. */
export interface OfferedMesh {
  readonly meshTransport: 'direct' | 'tsnet' | null;
  readonly meshControlUrl: string | null;
}

/** How this agent is to reach its peers, or why it cannot: said at the control plane, never worked around. */
export type MeshChoice = MeshWay | { readonly kind: 'unavailable'; readonly state: MeshState };

type Read = <T>(variable: string, parse: FieldParser<T>) => T | null;

const DIRECT_LISTEN_DEFAULT = '0.0.0.0:0';
const LONGEST_KEY = 512;

/** Throws what `read` throws for a variable that cannot be used. */
export function readMeshSettings(transport: MeshSettings['transport'], read: Read): MeshSettings {
  return {
    transport,
    directListen: read('GLOBALSTACKS_MESH_DIRECT_LISTEN', text) ?? DIRECT_LISTEN_DEFAULT,
    directAdvertise: read('GLOBALSTACKS_MESH_DIRECT_ADVERTISE', text),
    controlUrl: read('GLOBALSTACKS_MESH_CONTROL_URL', parseControlUrl),
    authKey: read('GLOBALSTACKS_MESH_AUTH_KEY', parseKey),
    meshNode: read('GLOBALSTACKS_MESH_NODE', text) ?? BUILT_MESH_NODE,
  };
}

/** Whether this host joins what the control plane offers: nothing of its own names another mesh. */
export function isFollowed({ transport, controlUrl }: MeshSettings): boolean {
  return transport !== 'direct' && controlUrl === null;
}

/** This host's word goes before the control plane's; a mesh of TCP between hosts is only ever this host's choice. */
export function chooseMesh(settings: MeshSettings, offered: OfferedMesh): MeshChoice {
  const { transport, controlUrl, authKey, meshNode, directListen: listen, directAdvertise: advertise } = settings;
  if (transport === 'direct') return { kind: 'direct', listen, advertise };
  const url = controlUrl ?? (offered.meshTransport === 'tsnet' ? offered.meshControlUrl : null);
  if (url !== null) return { kind: 'tsnet', controlUrl: url, authKey, meshNode };
  // What the control plane has by now is not known here, so nothing is said of what is to be set there.
  const here = transport === 'tsnet' ? 'GLOBALSTACKS_MESH_CONTROL_URL' : 'GLOBALSTACKS_MESH_TRANSPORT';
  return {
    kind: 'unavailable',
    state: {
      transport: transport ?? 'none',
      state: 'failed',
      code: 'MESH_NOT_CONFIGURED',
      message: `no mesh: the control plane has offered none so far, and ${here} is not set here`,
      endpoints: [],
    },
  };
}

const text: FieldParser<string> = (value) => String(value);

/** Exactly as the setting is written, since a mesh is recognised by this text. */
const parseControlUrl: FieldParser<string> = (value, field) => {
  parseHttpUrl(value, field);
  return String(value);
};

const parseKey: FieldParser<string> = (value, field) => {
  if (typeof value === 'string' && value.length <= LONGEST_KEY && /^[\x21-\x7e]+$/.test(value)) return value;
  throw new InvalidInputError(field, '(hidden)', `a key of at most ${LONGEST_KEY} printable characters`);
};
