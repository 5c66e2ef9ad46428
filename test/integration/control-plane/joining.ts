import { createUser } from '@nats-io/nkeys';
import { createCertificateRequest } from '#libs/mesh/certificates.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import type { ApiAnswer } from './api.js';
import type { TestControlPlane } from './setup.js';

export interface LocalKeys {
  readonly nkey: string;
  readonly seed: string;
  readonly certificateRequest: string;
}

export interface Authorization {
  readonly authorization: string;
}

/** The keys of a developer's machine. */
export async function newKeys(): Promise<LocalKeys> {
  const user = createUser();
  return {
    nkey: user.getPublicKey(),
    seed: new TextDecoder().decode(user.getSeed()),
    certificateRequest: await createCertificateRequest(createPrivateKeyPem()),
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

/** Joins the network `dev`. */
export function joinDev(
  controlPlane: TestControlPlane,
  { nkey, certificateRequest }: LocalKeys,
  as: Authorization,
  machine: string,
): Promise<ApiAnswer> {
  return controlPlane.call('POST', '/v1/networks/dev/local-nodes', { machine, nkey, certificateRequest }, { ...as });
}
