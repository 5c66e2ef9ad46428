import { createHash, type X509Certificate } from 'node:crypto';

/**
 * SHA-256 in hexadecimal of the public key in a certificate (SPKI, DER). The control plane identifies mesh keys by it.
 */
export function keyThumbprint(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('hex');
}
