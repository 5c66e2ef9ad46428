import { createHash, randomBytes } from 'node:crypto';

export const API_TOKEN_PREFIX = 'gst_';

/** 256 random bits, with a prefix that names the kind of secret. */
export function newSecret(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** The stored form of a secret: SHA-256, hexadecimal. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}
