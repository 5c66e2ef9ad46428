import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { CodedError } from '#libs/contracts/errors.js';
import type { MeshCredentials } from './flow.js';
import { CertificateIdentityError, identityOfCertificate, type StoreIdentity } from './identity.js';

/** Credentials that cannot be used: unreadable, key and certificate do not match, or issued for another member. */
export class MeshCredentialsError extends CodedError {}

export interface ReadCredentials {
  readonly self: StoreIdentity;
  /** Milliseconds since the epoch. */
  readonly validUntil: number;
}

/** The identity of the credentials and when they expire. Throws MeshCredentialsError if TLS could not use them. */
export function readCredentials(credentials: MeshCredentials): ReadCredentials {
  try {
    createSecureContext(tlsCredentials(credentials));
    const certificate = new X509Certificate(credentials.certificate);
    // TLS accepts an empty key too, and fails only in the handshake.
    if (!certificate.checkPrivateKey(createPrivateKey(credentials.privateKey)))
      throw new Error('certificate and key do not belong together');
    return { self: identityOfCertificate(certificate), validUntil: certificate.validToDate.getTime() };
  } catch (error) {
    // OpenSSL's message may quote the key, so it is left out; the names in a certificate are not secret.
    const reason = error instanceof CertificateIdentityError ? error.message : 'certificate and key cannot be used';
    throw new MeshCredentialsError(
      'MESH_CREDENTIALS_INVALID',
      `mesh credentials: ${reason}`,
      'enrol this agent again, or wait for its next renewal',
    );
  }
}

/** TLS options of both ends: TLS 1.3 only (RFC 8446), and no trusted authority but the store's. */
export function tlsCredentials(credentials: MeshCredentials): SecureContextOptions {
  return {
    key: credentials.privateKey,
    cert: credentials.certificate,
    ca: credentials.authority,
    minVersion: 'TLSv1.3',
  };
}
