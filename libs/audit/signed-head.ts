import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Epoch, parseEpoch } from '#libs/contracts/bus/network-version.js';
import { CodedError } from '#libs/contracts/errors.js';
import { integerBetween, parseMembers, textUpTo } from '#libs/contracts/json-fields.js';
import type { LogAnchor } from './chain-walk.js';

/** Where the log ended at a time, in an epoch of the store. */
export interface LogHead extends LogAnchor {
  readonly epoch: Epoch;
  /** RFC 3339 */
  readonly at: string;
}

export interface SignedHead extends LogHead {
  /** Ed25519 (RFC 8032) over headStatement, base64. */
  readonly signature: string;
}

/** A file that does not hold a public key. */
export class PublicKeyInvalidError extends CodedError {}

/** The text that the signature of a head covers. It begins as no other text that the same key signs. */
export function headStatement({ epoch, position, hash, at }: LogHead): string {
  return ['gs-log-head-v1', epoch.counter, epoch.id, position, hash, at].join('\n');
}

/** Whether the holder of the key signed this head. False for anything malformed. */
export function isSignedBy(key: KeyObject, head: SignedHead): boolean {
  const signature = Buffer.from(head.signature, 'base64');
  // Other base64 text may stand for the same bytes.
  if (signature.toString('base64') !== head.signature) return false;
  return verify(null, Buffer.from(headStatement(head)), key, signature);
}

const number = integerBetween(0, Number.MAX_SAFE_INTEGER);

/** Throws InvalidInputError. */
export function parseSignedHead(value: unknown, field: string): SignedHead {
  const head = parseMembers(value, field, ['epoch', 'position', 'hash', 'at', 'signature']);
  return {
    epoch: parseEpoch(head.epoch, `${field}.epoch`),
    position: number(head.position, `${field}.position`),
    hash: textUpTo(64)(head.hash, `${field}.hash`),
    at: textUpTo(64)(head.at, `${field}.at`),
    signature: textUpTo(256)(head.signature, `${field}.signature`),
  };
}

/** A public key in PEM, or as SPKI, DER, base64. Error: PublicKeyInvalidError (`PUBLIC_KEY_INVALID`). */
export function parsePublicKey(text: string, from: string): KeyObject {
  try {
    const trimmed = text.trim();
    const key = trimmed.startsWith('-----')
      ? createPublicKey(trimmed)
      : createPublicKey({ key: Buffer.from(trimmed, 'base64'), type: 'spki', format: 'der' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below, as of a key of another kind.
  }
  throw new PublicKeyInvalidError(
    'PUBLIC_KEY_INVALID',
    `${from} holds no Ed25519 public key`,
    'ask the control plane for its key: gstacks audit key',
  );
}
