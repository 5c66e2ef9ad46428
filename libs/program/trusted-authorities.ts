import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CodedError } from '#libs/contracts/errors.js';

/** The file of certificate authorities cannot be used. */
export class AuthoritiesUnusableError extends CodedError {}

/**
 * Makes every TLS connection that this process opens from now on also trust the certificate authorities of this PEM
 * file. Error: AuthoritiesUnusableError.
 */
export function trustAuthorities(file: string | undefined): void {
  if (file === undefined || file === '') return;
  try {
    const text = readFileSync(file, 'utf8');
    // Node takes any text, and then trusts nobody more.
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new TypeError('it holds no certificate in PEM');
    setDefaultCACertificates([...getCACertificates('default'), text]);
  } catch (error) {
    throw new AuthoritiesUnusableError(
      'AUTHORITIES_UNUSABLE',
      `${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      'set GLOBALSTACKS_CA_FILE to a PEM file of the certificate authorities that signed your servers',
    );
  }
}
