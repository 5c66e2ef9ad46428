import { X509Certificate } from 'node:crypto';

/** The public key of a certificate, or of the authority's own: SPKI, DER, base64. Throws for anything else. */
export function certifiedKey(pem: string): string {
  return new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Splits a text with the certificates of several authorities into one PEM text for each; empty if it has none. */
export function authoritiesIn(bundle: string): readonly string[] {
  return bundle.match(CERTIFICATE) ?? [];
}
