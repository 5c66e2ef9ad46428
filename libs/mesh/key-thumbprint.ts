import { createHash, type X509Certificate } from 'node:crypto';

/** SHA-256 of the public key in a certificate (SPKI, DER), hexadecimal: what the control plane knows a mesh key by. */
export function keyThumbprint(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('hex');
}
