import { parseSeed } from '#libs/bus/nats-keys.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';

/** A member's own keys: it makes them, and never sends them anywhere. */
export interface MemberKeys {
  /** The public NATS user key. */
  readonly nkey: string;
  readonly nkeySeed: string;
  /** PEM */
  readonly meshPrivateKey: string;
  /** PKCS #10 in PEM for the mesh key. */
  certificateRequest(): string;
  /** Base64 of the signature by the NATS key. */
  sign(statement: string): string;
}

export function memberKeys(nkeySeed: string, meshPrivateKey: string): MemberKeys {
  const pair = parseSeed('user', nkeySeed);
  return {
    nkey: pair.getPublicKey(),
    nkeySeed,
    meshPrivateKey,
    certificateRequest: () => createCertificateRequest(meshPrivateKey),
    sign: (statement) => Buffer.from(pair.sign(new TextEncoder().encode(statement))).toString('base64'),
  };
}
