import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseHttpUrl } from '#libs/contracts/urls.js';
import type { MeshWay } from '#libs/member/join-mesh.js';
import { formatEndpoint, parseEndpoint } from '#libs/mesh/endpoint.js';
import { BUILT_MESH_NODE } from '#libs/mesh/tsnet/mesh-node-program.js';
import { SETTINGS } from '../foundation/settings-list.js';
import type { Variables } from '../foundation/variables.js';

/** This host's mesh settings. What they leave open comes from the control plane, with the agent's credentials. */
export interface MeshSettings {
  readonly transport: 'direct' | 'tsnet' | null;
  readonly directListen: string;
  readonly directAdvertise: string | null;
  readonly controlUrl: string | null;
  /** A pre-created key for this host; null: the control plane gives one when it is needed. */
  readonly authKey: string | null;
  /** The mesh-node program. */
  readonly meshNode: string;
}

/** The mesh that the control plane offers. */
export interface OfferedMesh {
  readonly meshTransport: 'direct' | 'tsnet' | null;
  readonly meshControlUrl: string | null;
}

/** How this agent reaches its peers, or why it cannot. It reports the reason and never falls back to another way. */
export type MeshChoice = MeshWay | { readonly kind: 'unavailable'; readonly state: MeshState };

const LONGEST_KEY = 512;

/** Throws what `read` throws for an invalid value. */
export function readMeshSettings(transport: MeshSettings['transport'], read: Variables['read']): MeshSettings {
  return {
    transport,
    directListen: read(SETTINGS.directListen, endpointText(true)) ?? SETTINGS.directListen.usual,
    directAdvertise: read(SETTINGS.directAdvertise, endpointText(false)),
    controlUrl: read(SETTINGS.meshControlUrl, parseControlUrl),
    authKey: read(SETTINGS.meshAuthKey, parseKey),
    meshNode: read(SETTINGS.meshNode, text) ?? BUILT_MESH_NODE,
  };
}

/** Whether this host joins the mesh that the control plane offers, because its settings name no other. */
export function isFollowed({ transport, controlUrl }: MeshSettings): boolean {
  return transport !== 'direct' && controlUrl === null;
}

/** This host's settings win over the offer. The transport `direct` is used only where this host's settings name it. */
export function chooseMesh(settings: MeshSettings, offered: OfferedMesh): MeshChoice {
  const { transport, controlUrl, authKey, meshNode, directListen: listen, directAdvertise: advertise } = settings;
  if (transport === 'direct') return { kind: 'direct', listen, advertise };
  const url = controlUrl ?? (offered.meshTransport === 'tsnet' ? offered.meshControlUrl : null);
  if (url !== null) return { kind: 'tsnet', controlUrl: url, authKey, meshNode };
  // The control plane's settings may have changed since, so the message names only what is missing here.
  const here = (transport === 'tsnet' ? SETTINGS.meshControlUrl : SETTINGS.meshTransport).variable;
  return {
    kind: 'unavailable',
    state: {
      transport: transport ?? 'none',
      state: 'failed',
      code: 'MESH_NOT_CONFIGURED',
      message: `no mesh: the control plane offers none, and ${here} is not set at this agent`,
      endpoints: [],
    },
  };
}

const text: FieldParser<string> = (value) => String(value);

function endpointText(zeroAllowed: boolean): FieldParser<string> {
  return (value, field) => {
    const { host, port } = parseEndpoint(String(value), field, zeroAllowed);
    return formatEndpoint(host, port);
  };
}

/** Kept exactly as written: agents compare this text to recognise a mesh. */
const parseControlUrl: FieldParser<string> = (value, field) => {
  parseHttpUrl(value, field);
  return String(value);
};

const parseKey: FieldParser<string> = (value, field) => {
  if (typeof value === 'string' && value.length <= LONGEST_KEY && /^[\x21-\x7e]+$/.test(value)) return value;
  throw new InvalidInputError(field, '(hidden)', `a key of at most ${LONGEST_KEY} printable characters`);
};
