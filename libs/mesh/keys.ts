import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { CodedError } from '#libs/contracts/errors.js';

export const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const OPENSSL_P256 = 'prime256v1';

/** A key that is not P-256, or not a key. */
export class KeyInvalidError extends CodedError {}

/** Both halves as a WebCrypto pair, for signing requests and certificates. */
export interface SigningPair {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

/** A new P-256 private key, PKCS #8 in PEM. It never leaves the machine that makes it. */
export function createPrivateKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The text itself if it is a P-256 private key in PEM; throws KeyInvalidError. */
export function parsePrivateKey(text: string): string {
  try {
    if (createPrivateKey(text).asymmetricKeyDetails?.namedCurve === OPENSSL_P256) return text;
  } catch {
    // The cause is left out: it may quote key material.
  }
  throw new KeyInvalidError('PRIVATE_KEY_INVALID', 'the private key is not a P-256 key in PEM');
}

/** The key pair of a PEM private key; throws KeyInvalidError. */
export async function signingPair(privateKeyPem: string): Promise<SigningPair> {
  try {
    const key = createPrivateKey(privateKeyPem);
    const [pkcs8, spki] = [
      key.export({ type: 'pkcs8', format: 'der' }),
      createPublicKey(key).export({ type: 'spki', format: 'der' }),
    ];
    return {
      privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, KEY_ALGORITHM, true, ['sign']),
      publicKey: await webcrypto.subtle.importKey('spki', spki, KEY_ALGORITHM, true, ['verify']),
    };
  } catch {
    // The cause is left out: it may quote key material.
    throw new KeyInvalidError('PRIVATE_KEY_INVALID', 'the private key is not a P-256 key in PEM');
  }
}
