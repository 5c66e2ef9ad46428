import { createUser } from '@nats-io/nkeys';
import { createCertificateRequest } from '#libs/mesh/certificates.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';

/** Keys of one join: made in memory, never written and never sent. */
export interface JoinKeys {
  readonly nkey: string;
  readonly nkeySeed: string;
  readonly meshPrivateKey: string;
  readonly certificateRequest: string;
  /** Base64 of the signature by the NATS key. */
  sign(statement: string): string;
}

export async function newJoinKeys(): Promise<JoinKeys> {
  const user = createUser();
  const meshPrivateKey = createPrivateKeyPem();
  return {
    nkey: user.getPublicKey(),
    nkeySeed: new TextDecoder().decode(user.getSeed()),
    meshPrivateKey,
    certificateRequest: await createCertificateRequest(meshPrivateKey),
    sign: (statement) => Buffer.from(user.sign(new TextEncoder().encode(statement))).toString('base64'),
  };
}
