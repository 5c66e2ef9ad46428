import { CodedError } from '#libs/contracts/errors.js';
import {
  type LocalNodeId,
  type NetworkId,
  type NetworkName,
  parseLocalNodeId,
  parseNetworkId,
  parseUserName,
  type UserName,
} from '#libs/contracts/ids.js';
import { textUpTo, wordOf } from '#libs/contracts/json-fields.js';
import { MESH_TRANSPORTS, type MeshTransport } from '#libs/contracts/mesh-transports.js';
import { ControlPlaneRefusedError, postToControlPlane } from '#libs/member/control-plane-http.js';
import { type MemberCredentials, parseMemberCredentials } from '#libs/member/credentials.js';

/** The credentials that the control plane issued to this machine for one network. */
export interface LocalCredentials extends MemberCredentials {
  readonly nodeId: LocalNodeId;
  readonly user: UserName;
  readonly networkId: NetworkId;
  readonly meshTransport: MeshTransport;
}

/** The clocks of this machine and the control plane differ too much; repeating helps only when that is fixed. */
export class ClockRefusedError extends CodedError {}

const UNREACHABLE = { code: 'UNREACHABLE', remedy: 'gstacks whoami' };
const LONGEST_KEY = 1_024;

export interface JoinRequest {
  readonly url: string;
  readonly token: string;
  readonly network: NetworkName;
  readonly machine: string;
  readonly nkey: string;
  readonly certificateRequest: string;
  /** RFC 3339; signed together with the rest (joinStatement). */
  readonly timestamp: string;
  readonly signature: string;
}

/** Joins or renews. Errors: those of postToControlPlane, ClockRefusedError. */
export async function requestCredentials(request: JoinRequest, now: () => Date): Promise<LocalCredentials> {
  const { url, token, network, ...body } = request;
  const fields = await post(url, `v1/networks/${network}/local-nodes`, token, body);
  return {
    ...parseMemberCredentials({ ...fields, issuedAt: now().toISOString() }),
    nodeId: parseLocalNodeId(fields.nodeId, 'nodeId'),
    user: parseUserName(fields.user, 'user'),
    networkId: parseNetworkId(fields.networkId, 'networkId'),
    meshTransport: wordOf(MESH_TRANSPORTS)(fields.meshTransport, 'meshTransport'),
  };
}

/** Requests a key for the mesh, valid for one login of this node. Errors as above. */
export async function requestMeshKey(
  url: string,
  token: string,
  nodeId: LocalNodeId,
  signal: AbortSignal,
): Promise<string> {
  const { authKey } = await post(url, `v1/local-nodes/${nodeId}/mesh-keys`, token, null, signal);
  return textUpTo(LONGEST_KEY)(authKey, 'authKey');
}

/** Reports that this machine leaves. Errors as above. */
export async function requestLeave(url: string, token: string, nodeId: LocalNodeId): Promise<void> {
  await post(url, `v1/local-nodes/${nodeId}/leave`, token, null);
}

async function post(url: string, path: string, token: string, body: object | null, signal?: AbortSignal) {
  try {
    return await postToControlPlane({ url: new URL(url), unreachable: UNREACHABLE }, { path, body, token }, signal);
  } catch (error) {
    throw error instanceof ControlPlaneRefusedError ? asJoiner(error, url) : error;
  }
}

/** Rewords a refusal for the user who joins. */
function asJoiner(refusal: ControlPlaneRefusedError, url: string): CodedError {
  const { status, code, message, remedy } = refusal;
  if (code === 'JOIN_OUT_OF_TIME') return new ClockRefusedError(code, message, remedy);
  // Other 401s are about the request, not about the login.
  if (status !== 401 || (code !== 'UNAUTHENTICATED' && code !== 'HTTP_401')) return refusal;
  return new ControlPlaneRefusedError(
    status,
    'LOGIN_EXPIRED',
    'the login of this machine has expired',
    `\`gstacks login --url ${url}\`, then \`gstacks mesh join <network>\``,
  );
}
