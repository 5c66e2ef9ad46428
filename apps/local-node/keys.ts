import { createUser } from '@nats-io/nkeys';
import { createCertificateRequest } from '#libs/mesh/certificates.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';

/** Keys of one join: made in memory, never written and never sent. */
export interface JoinKeys {
  readonly nkey: string;
  readonly nkeySeed: string;
  readonly meshPrivateKey: string;
  readonly certificateRequest: string;
}

export async function newJoinKeys(): Promise<JoinKeys> {
  const user = createUser();
  const meshPrivateKey = createPrivateKeyPem();
  return {
    nkey: user.getPublicKey(),
    nkeySeed: new TextDecoder().decode(user.getSeed()),
    meshPrivateKey,
    certificateRequest: await createCertificateRequest(meshPrivateKey),
  };
}
