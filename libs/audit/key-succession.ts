import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type KeySuccession, type StoreKey, successionStatement } from '#libs/contracts/store-keys.js';

/** SPKI, DER, base64: how public keys are written everywhere. */
export function publicKeyText(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** A public key as people compare it: 16 hexadecimal digits of the SHA-256 of its DER. */
export function fingerprint(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);
}

/** The private key names its successor. */
export function signSuccession(key: StoreKey, privateKey: KeyObject, to: string): KeySuccession {
  const named = { key, from: publicKeyText(createPublicKey(privateKey)), to };
  const text = Buffer.from(successionStatement(named));
  return { ...named, signature: sign(digestOf(privateKey), text, privateKey).toString('base64') };
}

/** Whether the holder of `from` signed it. False for anything malformed. */
export function isSuccession(succession: KeySuccession): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(succession.from, 'base64'), type: 'spki', format: 'der' });
    const text = Buffer.from(successionStatement(succession));
    return verify(digestOf(key), text, key, Buffer.from(succession.signature, 'base64'));
  } catch {
    return false;
  }
}

/** The keys of `known`, and all that follow from them by signed successions of this key. */
export function keysThatFollow(
  key: StoreKey,
  known: readonly string[],
  successions: readonly KeySuccession[],
): ReadonlySet<string> {
  const found = new Set(known);
  const left = new Set(successions.filter((succession) => succession.key === key));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const succession of left) {
      if (!found.has(succession.from)) continue;
      left.delete(succession);
      if (isSuccession(succession)) found.add(succession.to);
    }
  }
  return found;
}

/** Ed25519 hashes by itself (RFC 8032); the mesh authority's ECDSA key signs a SHA-256. */
function digestOf(key: KeyObject): string | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}
