import { type FieldParser, listOf, nullOr, parseObject, textUpTo, wordOf } from './json-fields.js';

/** The keys of a store that members pin: they are rotated while everything runs. */
export const STORE_KEYS = ['signing', 'mesh'] as const;
/** `signing` signs snapshots and the ends of the log; `mesh` is the authority of mesh certificates. */
export type StoreKey = (typeof STORE_KEYS)[number];

/** A key names the key that comes after it. Public keys are SPKI, DER, base64. */
export interface KeySuccession {
  readonly key: StoreKey;
  readonly from: string;
  readonly to: string;
  /** By the private key of `from`, over successionStatement; base64. */
  readonly signature: string;
}

/** Which keys of the store a member trusts, each as its fingerprint. */
export interface TrustedKeys {
  readonly signing: readonly string[];
  readonly mesh: readonly string[];
  /** The mesh authority that issued the member's certificate; null: none that it trusts. */
  readonly issuer: string | null;
}

const MOST_KEYS = 16;
/** Of all keys together, in the whole life of a store. */
const MOST_SUCCESSIONS = 1_000;

const publicKey = textUpTo(1_024);
const fingerprints = listOf(textUpTo(64), MOST_KEYS);

/** The text that a succession's signature covers. It begins as no other text that the same key signs. */
export function successionStatement({ key, from, to }: Omit<KeySuccession, 'signature'>): string {
  return ['gs-key-succession-v1', key, from, to].join('\n');
}

/** Throws InvalidInputError. */
export const parseSuccessions: FieldParser<readonly KeySuccession[]> = listOf((value, field) => {
  const succession = parseObject(value, field);
  return {
    key: wordOf(STORE_KEYS)(succession.key, `${field}.key`),
    from: publicKey(succession.from, `${field}.from`),
    to: publicKey(succession.to, `${field}.to`),
    signature: textUpTo(512)(succession.signature, `${field}.signature`),
  };
}, MOST_SUCCESSIONS);

/** Public keys that sign snapshots. Throws InvalidInputError. */
export const parseSnapshotKeys: FieldParser<readonly string[]> = listOf(publicKey, MOST_KEYS);

/** Throws InvalidInputError. */
export const parseTrustedKeys: FieldParser<TrustedKeys> = (value, field) => {
  const trusted = parseObject(value, field);
  return {
    signing: fingerprints(trusted.signing, `${field}.signing`),
    mesh: fingerprints(trusted.mesh, `${field}.mesh`),
    issuer: nullOr(textUpTo(64))(trusted.issuer, `${field}.issuer`),
  };
};
