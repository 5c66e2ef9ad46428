import { CodedError } from '#libs/contracts/errors.js';
import { MESH_TRANSPORTS, type MeshTransport } from '#libs/contracts/http/mesh-transports.js';
import {
  type LocalNodeId,
  type NetworkId,
  type NetworkName,
  parseLocalNodeId,
  parseNetworkId,
  parseUserName,
  type UserName,
} from '#libs/contracts/ids.js';
import { listOf, nullOr, parseObject, textUpTo, wordOf } from '#libs/contracts/json-fields.js';

/** What the control plane issued to this machine for one network. */
export interface LocalCredentials {
  readonly nodeId: LocalNodeId;
  readonly user: UserName;
  readonly networkId: NetworkId;
  readonly meshTransport: MeshTransport;
  readonly meshControlUrl: string | null;
  readonly busJwt: string;
  readonly busServers: readonly string[];
  readonly certificate: string;
  readonly authority: string;
  readonly snapshotPublicKey: string;
  /** By this machine's clock, when the answer came. */
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** The control plane said no, for good: asking again changes nothing. */
export class JoinRefusedError extends CodedError {}

/** The clocks of this machine and the control plane are too far apart: asking again helps once they are not. */
export class ClockRefusedError extends CodedError {}

/** No answer, or none that could be used: it is asked again. */
export class ControlPlaneUnreachableError extends CodedError {}

const ANSWER_WITHIN_MS = 10_000;
const text = textUpTo(65_536);

export interface JoinRequest {
  readonly url: string;
  readonly token: string;
  readonly network: NetworkName;
  readonly machine: string;
  readonly nkey: string;
  readonly certificateRequest: string;
  /** RFC 3339; signed with the rest, as joinStatement says. */
  readonly timestamp: string;
  readonly signature: string;
}

/** Joins, or renews. Errors: JoinRefusedError, ClockRefusedError, ControlPlaneUnreachableError, InvalidInputError. */
export async function requestCredentials(request: JoinRequest, now: () => Date): Promise<LocalCredentials> {
  const { url, token, network, ...body } = request;
  const fields = await post(`${url}/v1/networks/${network}/local-nodes`, token, body);
  return {
    nodeId: parseLocalNodeId(fields.nodeId, 'nodeId'),
    user: parseUserName(fields.user, 'user'),
    networkId: parseNetworkId(fields.networkId, 'networkId'),
    meshTransport: wordOf(MESH_TRANSPORTS)(fields.meshTransport, 'meshTransport'),
    meshControlUrl: nullOr(text)(fields.meshControlUrl ?? null, 'meshControlUrl'),
    busJwt: text(fields.busJwt, 'busJwt'),
    busServers: listOf(text, 32)(fields.busServers, 'busServers'),
    certificate: text(fields.certificate, 'certificate'),
    authority: text(fields.authority, 'authority'),
    snapshotPublicKey: text(fields.snapshotPublicKey, 'snapshotPublicKey'),
    issuedAt: now(),
    expiresAt: new Date(text(fields.expiresAt, 'expiresAt')),
  };
}

/** A key for the mesh, good for one login of this node. Errors as above. */
export async function requestMeshKey(url: string, token: string, nodeId: LocalNodeId): Promise<string> {
  return text((await post(`${url}/v1/local-nodes/${nodeId}/mesh-keys`, token, null)).authKey, 'authKey');
}

/** Tells that this machine leaves. Errors as above. */
export async function requestLeave(url: string, token: string, nodeId: LocalNodeId): Promise<void> {
  await post(`${url}/v1/local-nodes/${nodeId}/leave`, token, null);
}

async function post(url: string, token: string, body: unknown): Promise<{ readonly [key: string]: unknown }> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    answer = await response.json();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ControlPlaneUnreachableError(
      'UNREACHABLE',
      `the control plane does not answer: ${reason}`,
      'gstacks whoami',
    );
  }
  const fields = parseObject(answer, 'answer');
  if (response.ok) return fields;
  const said = (name: string): string | null => (typeof fields[name] === 'string' ? fields[name] : null);
  const code = said('code') ?? `HTTP_${response.status}`;
  const message = said('detail') ?? `the control plane answered with status ${response.status}`;
  const isFinal = response.status >= 400 && response.status < 500 && response.status !== 429;
  if (code === 'JOIN_OUT_OF_TIME') throw new ClockRefusedError(code, message, said('remedy'));
  // Any other 401 is about what was asked, not about the login.
  if (response.status === 401 && (said('code') ?? 'UNAUTHENTICATED') === 'UNAUTHENTICATED') {
    throw new JoinRefusedError(
      'LOGIN_EXPIRED',
      'the login of this machine has expired',
      `gstacks login, then gstacks mesh join`,
    );
  }
  if (isFinal) throw new JoinRefusedError(code, message, said('remedy'));
  throw new ControlPlaneUnreachableError(code, message, said('remedy'));
}
