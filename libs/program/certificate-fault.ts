/** Why the certificate of a server is refused, and what to do about it. */
export interface CertificateFault {
  readonly code: 'CERTIFICATE_NOT_TRUSTED' | 'CERTIFICATE_INVALID';
  readonly message: string;
  readonly remedy: string;
}

/** What OpenSSL and Node call a certificate whose issuer they do not know. */
const UNKNOWN_ISSUER = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const OTHER_FAULTS = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'ERR_TLS_CERT_ALTNAME_INVALID']);

/**
 * What is wrong with the certificate of the server at this URL, by the code of Node's error; null: the error is about
 * something else.
 */
export function certificateFault(url: string, errorCode: string): CertificateFault | null {
  if (UNKNOWN_ISSUER.has(errorCode)) {
    return {
      code: 'CERTIFICATE_NOT_TRUSTED',
      message: `the certificate of ${url} is not signed by an authority that this machine trusts (${errorCode})`,
      remedy: 'set GLOBALSTACKS_CA_FILE to a PEM file of the certificate authorities that signed your servers',
    };
  }
  if (!OTHER_FAULTS.has(errorCode)) return null;
  return {
    code: 'CERTIFICATE_INVALID',
    message: `the certificate of ${url} is not valid for ${new URL(url).hostname} now (${errorCode})`,
    remedy: 'check the clock of this machine and the name in the URL, or renew the certificate',
  };
}
