import type { KeyPair } from '@nats-io/nkeys';
import { requestThumbprint } from '#apps/control-plane/mesh/request-thumbprint.js';
import { createUser } from '#libs/bus/nats-keys.js';
import { parseNetworkName } from '#libs/contracts/ids.js';
import { joinStatement } from '#libs/contracts/renewal.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import type { ApiAnswer } from './api.js';
import type { TestControlPlane } from './setup.js';

/** Keys of an agent or a developer's machine. */
export interface LocalKeys {
  readonly user: KeyPair;
  readonly nkey: string;
  readonly seed: string;
  readonly certificateRequest: string;
  readonly meshKeyThumbprint: string;
}

export interface Authorization {
  readonly authorization: string;
}

/** The keys of a developer's machine. */
export async function newKeys(user: KeyPair = createUser()): Promise<LocalKeys> {
  const certificateRequest = createCertificateRequest(createPrivateKeyPem());
  return {
    user,
    nkey: user.getPublicKey(),
    seed: new TextDecoder().decode(user.getSeed()),
    certificateRequest,
    meshKeyThumbprint: requestThumbprint(certificateRequest),
  };
}

/** A token of this user, and its header. */
export async function tokenFor(
  controlPlane: TestControlPlane,
  user: string,
  role = 'operator',
  expiresInSeconds = 600,
): Promise<{ readonly id: string; readonly as: Authorization }> {
  const { body } = await controlPlane.call('POST', '/v1/tokens', { user, role, expiresInSeconds });
  return { id: String(body.id), as: { authorization: `Bearer ${String(body.token)}` } };
}

/** The body with which a machine joins, signed with its key; a test may choose another key or time. */
export function joinBody(
  network: string,
  { user, nkey, certificateRequest }: LocalKeys,
  machine: string,
  { signer = user, timestamp = new Date().toISOString() }: { signer?: KeyPair; timestamp?: string } = {},
) {
  const join = { machine, nkey, certificateRequest, timestamp };
  const statement = joinStatement({ ...join, network: parseNetworkName(network, 'network') });
  return { ...join, signature: signatureOf(signer, statement) };
}

/** Base64, as in requests. */
export function signatureOf(signer: KeyPair, statement: string): string {
  return Buffer.from(signer.sign(new TextEncoder().encode(statement))).toString('base64');
}

/** Joins the network `dev`. */
export function joinDev(
  controlPlane: TestControlPlane,
  keys: LocalKeys,
  as: Authorization,
  machine: string,
): Promise<ApiAnswer> {
  return controlPlane.call('POST', '/v1/networks/dev/local-nodes', joinBody('dev', keys, machine), { ...as });
}
