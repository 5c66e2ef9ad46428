import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { createPair, type KeyPair, Prefix, fromPublic as publicPair, fromSeed as seededPair } from '@nats-io/nkeys';
import { Codec } from '@nats-io/nkeys/lib/codec.js';
import type { Authenticator } from 'nats';

/**
 * NATS keys (nkeys), signed and verified with OpenSSL. The package does it in JavaScript at 5 to 20 ms for each
 * signature, public key and check, which took more of the control plane's time than the rest of an enrolment.
 */

/** Bytes before the 32 bytes of an Ed25519 key in PKCS #8 and in SPKI (RFC 8410, section 10). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;

class SeededKeyPair implements KeyPair {
  private readonly privateKey: KeyObject;
  private readonly rawPublicKey: Buffer;
  private readonly publicKey: string;

  constructor(private readonly pair: KeyPair) {
    const { prefix, buf } = Codec.decodeSeed(pair.getSeed());
    this.privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, buf]), format: 'der', type: 'pkcs8' });
    const exported = createPublicKey(this.privateKey).export({ format: 'der', type: 'spki' });
    this.rawPublicKey = exported.subarray(-KEY_BYTES);
    this.publicKey = new TextDecoder().decode(Codec.encode(prefix, this.rawPublicKey));
  }

  getPublicKey(): string {
    return this.publicKey;
  }

  getPrivateKey(): Uint8Array {
    const { buf } = Codec.decodeSeed(this.pair.getSeed());
    return Codec.encode(Prefix.Private, Buffer.concat([buf, this.rawPublicKey]));
  }

  getSeed(): Uint8Array {
    return this.pair.getSeed();
  }

  sign(input: Uint8Array): Uint8Array {
    return sign(null, input, this.privateKey);
  }

  verify(input: Uint8Array, signature: Uint8Array): boolean {
    return isSignedBy(this.rawPublicKey, input, signature);
  }

  clear(): void {
    this.pair.clear();
  }

  seal(input: Uint8Array, recipient: string, nonce?: Uint8Array): Uint8Array {
    return this.pair.seal(input, recipient, nonce);
  }

  open(message: Uint8Array, sender: string): Uint8Array | null {
    return this.pair.open(message, sender);
  }
}

function isSignedBy(rawPublicKey: Uint8Array, input: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([SPKI, rawPublicKey]), format: 'der', type: 'spki' });
  return verify(null, input, key, signature);
}

export const createUser = (): KeyPair => new SeededKeyPair(createPair(Prefix.User));
export const createAccount = (): KeyPair => new SeededKeyPair(createPair(Prefix.Account));
export const createOperator = (): KeyPair => new SeededKeyPair(createPair(Prefix.Operator));

/** The key pair of a seed `S...`. Errors: the package's, if it is no seed. */
export const fromSeed = (seed: Uint8Array): KeyPair => new SeededKeyPair(seededPair(seed));

const KINDS = {
  operator: { create: createOperator, letter: 'O' },
  account: { create: createAccount, letter: 'A' },
  user: { create: createUser, letter: 'U' },
} as const;

/** The kind of key, which is the first letter of its public key. */
export type NatsKeyKind = keyof typeof KINDS;

/** The seed of a new key, as text. */
export function newSeed(kind: NatsKeyKind): string {
  return new TextDecoder().decode(KINDS[kind].create().getSeed());
}

/** The key pair of a seed's text; throws if it is no seed, or one of another kind. */
export function parseSeed(kind: NatsKeyKind, text: string): KeyPair {
  const pair = fromSeed(new TextEncoder().encode(text));
  if (!pair.getPublicKey().startsWith(KINDS[kind].letter)) throw new Error(`not the seed of a NATS ${kind}`);
  return pair;
}

/** Whether the owner of the public key `U...` signed this input. Errors: the package's, if it is no public key. */
export function isSigned(publicKey: string, input: Uint8Array, signature: Uint8Array): boolean {
  const raw = Codec._decode(new TextEncoder().encode(publicPair(publicKey).getPublicKey())).slice(1);
  return isSignedBy(raw, input, signature);
}

/** Replaces the function of the package `nats`: signs a server's nonce for the holder of this user JWT. */
export function jwtAuthenticator(jwt: string, seed: Uint8Array): Authenticator {
  const pair = fromSeed(seed);
  return (nonce) => {
    const signature = nonce ? pair.sign(new TextEncoder().encode(nonce)) : new Uint8Array();
    return { jwt, nkey: pair.getPublicKey(), sig: Buffer.from(signature).toString('base64') };
  };
}
