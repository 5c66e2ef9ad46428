import { X509Certificate } from 'node:crypto';

/** The public key of a certificate, or of the authority's own: SPKI, DER, base64. Throws for anything else. */
export function certifiedKey(pem: string): string {
  return new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of authorities that stand in one text, each in PEM. */
export function authoritiesIn(bundle: string): readonly string[] {
  return bundle.match(CERTIFICATE) ?? [];
}
