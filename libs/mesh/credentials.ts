import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { CodedError } from '#libs/contracts/errors.js';
import type { MeshCredentials } from './flow.js';
import { CertificateIdentityError, identityOfCertificate, type StoreIdentity } from './identity.js';

/** Credentials that cannot be used: unreadable, not a pair, or for someone else. */
export class MeshCredentialsError extends CodedError {}

export interface ReadCredentials {
  readonly self: StoreIdentity;
  /** Milliseconds since the epoch. */
  readonly validUntil: number;
}

/** Whom the credentials speak for, and how long; throws MeshCredentialsError unless they can be used for TLS. */
export function readCredentials(credentials: MeshCredentials): ReadCredentials {
  try {
    createSecureContext(tlsCredentials(credentials));
    const certificate = new X509Certificate(credentials.certificate);
    // An empty key makes a secure context too, which then cannot prove anything.
    if (!certificate.checkPrivateKey(createPrivateKey(credentials.privateKey))) throw new Error('not a pair');
    return { self: identityOfCertificate(certificate), validUntil: certificate.validToDate.getTime() };
  } catch (error) {
    // What OpenSSL says of a key may quote it; what a certificate names is no secret.
    const reason = error instanceof CertificateIdentityError ? error.message : 'certificate and key cannot be used';
    throw new MeshCredentialsError(
      'MESH_CREDENTIALS_INVALID',
      `mesh credentials: ${reason}`,
      'enrol this agent again, or wait for its next renewal',
    );
  }
}

/** For both ends: TLS 1.3 alone (RFC 8446), nobody trusted but the store's own authority. */
export function tlsCredentials(credentials: MeshCredentials): SecureContextOptions {
  return {
    key: credentials.privateKey,
    cert: credentials.certificate,
    ca: credentials.authority,
    minVersion: 'TLSv1.3',
  };
}
