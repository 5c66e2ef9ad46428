import { createUser, fromSeed } from '@nats-io/nkeys';
import { KeyFiles } from '#libs/bus/key-files.js';
import { createCertificateRequest } from '#libs/mesh/certificates.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';

/** The agent's own keys: made here, 0600, and never sent anywhere. */
export interface IdentityKeys {
  /** Public NATS user key. */
  readonly nkey: string;
  readonly nkeySeed: string;
  readonly meshPrivateKey: string;
  /** The mesh key was made just now: no certificate names it yet. */
  readonly isMeshKeyNew: boolean;
  /** PKCS #10 in PEM for the mesh key. */
  certificateRequest(): Promise<string>;
  /** Base64 of the signature by the NATS key. */
  sign(statement: string): string;
}

/** Reads the keys of the folder, making those that are missing. */
export function openIdentityKeys(folder: string): IdentityKeys {
  const files = new KeyFiles(folder);
  const nkeySeed = files.readOrCreate('bus.seed', () => new TextDecoder().decode(createUser().getSeed()));
  let isMeshKeyNew = false;
  const meshPrivateKey = files.readOrCreate('mesh.pem', () => {
    isMeshKeyNew = true;
    return createPrivateKeyPem().trim();
  });
  const pair = fromSeed(new TextEncoder().encode(nkeySeed));
  return {
    nkey: pair.getPublicKey(),
    nkeySeed,
    meshPrivateKey,
    isMeshKeyNew,
    certificateRequest: () => createCertificateRequest(meshPrivateKey),
    sign: (statement) => Buffer.from(pair.sign(new TextEncoder().encode(statement))).toString('base64'),
  };
}
