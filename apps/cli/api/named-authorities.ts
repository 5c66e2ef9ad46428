import { readEnvironment } from '../environment.js';

/**
 * Trusts the certificate authorities that GLOBALSTACKS_CA_FILE names, if it does. What TLS needs is loaded only then.
 * Error: AuthoritiesUnusableError.
 */
export async function trustNamedAuthorities(): Promise<void> {
  const { authorities } = readEnvironment();
  if (authorities === undefined) return;
  const { trustAuthorities } = await import('#libs/program/trusted-authorities.js');
  trustAuthorities(authorities);
}
