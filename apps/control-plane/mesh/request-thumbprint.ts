import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { CertificateRequestError } from '#libs/mesh/certificates.js';

/** SHA-256 in hexadecimal of the public key in a certificate request. Throws CertificateRequestError. */
export function requestThumbprint(pem: string): string {
  try {
    const { publicKey } = new Pkcs10CertificateRequest(pem);
    return createHash('sha256').update(Buffer.from(publicKey.rawData)).digest('hex');
  } catch {
    throw new CertificateRequestError(
      'CERTIFICATE_REQUEST_INVALID',
      'the certificate request cannot be read',
      'send a PKCS #10 request in PEM, signed by the key it is for',
    );
  }
}
