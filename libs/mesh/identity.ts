import type { X509Certificate } from 'node:crypto';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { parseAgentId, parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import type { MeshIdentity } from './flow.js';

/** An identity, and the store whose authority issued it. */
export interface StoreIdentity {
  readonly storeId: string;
  readonly identity: MeshIdentity;
}

/** A certificate that does not name exactly one mesh identity. */
export class CertificateIdentityError extends CodedError {}

/** A SPIFFE trust domain (SPIFFE ID, section 2.1), restricted to one DNS label, which a UUID fits. */
const STORE_ID = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const ACCEPTED = 'spiffe://<store>/agent/<id> or spiffe://<store>/local/<user>/<node>';

/** The id of a store: 1 to 63 of a-z, 0-9 and hyphen; throws InvalidInputError. */
export function parseStoreId(value: unknown, field: string): string {
  if (typeof value === 'string' && STORE_ID.test(value)) return value;
  throw new InvalidInputError(field, value, '1 to 63 of a-z, 0-9 and -, not beginning or ending with -');
}

/** `spiffe://<store>/agent/<id>` or `spiffe://<store>/local/<user>/<node>`. */
export function formatIdentity({ storeId, identity }: StoreIdentity): string {
  return identity.kind === 'agent'
    ? `spiffe://${storeId}/agent/${identity.agentId}`
    : `spiffe://${storeId}/local/${identity.user}/${identity.node}`;
}

/** The exact inverse of formatIdentity; throws InvalidInputError. */
export function parseIdentity(value: unknown, field: string): StoreIdentity {
  const parts = typeof value === 'string' && value.startsWith('spiffe://') ? value.slice(9).split('/') : [];
  const [store, kind, first, second] = parts;
  const storeId = parseStoreId(store, field);
  if (kind === 'agent' && parts.length === 3) {
    return { storeId, identity: { kind, agentId: parseAgentId(first, field) } };
  }
  if (kind === 'local' && parts.length === 4) {
    return { storeId, identity: { kind, user: parseUserName(first, field), node: parseLocalNodeId(second, field) } };
  }
  throw new InvalidInputError(field, value, ACCEPTED);
}

/** True when both name the same agent, or the same node of the same user. */
export function sameIdentity(one: MeshIdentity, other: MeshIdentity): boolean {
  if (one.kind === 'agent') return other.kind === 'agent' && one.agentId === other.agentId;
  return other.kind === 'local' && one.user === other.user && one.node === other.node;
}

/** The identity as shown to people: `agent host-a`, `local alice/laptop`. */
export function describeIdentity(identity: MeshIdentity): string {
  return identity.kind === 'agent' ? `agent ${identity.agentId}` : `local ${identity.user}/${identity.node}`;
}

/**
 * The one identity that a certificate names. Its subject alternative name must hold that URI and nothing else (RFC 5280
 * section 4.2.1.6); throws CertificateIdentityError. TLS verifies the signature, this function does not.
 */
export function identityOfCertificate(certificate: X509Certificate): StoreIdentity {
  // Node quotes a name that contains a comma or control characters, so one name cannot be read as two, or two as one.
  const names = certificate.subjectAltName ?? '';
  try {
    if (!names.startsWith('URI:')) throw new InvalidInputError('subjectAltName', names, ACCEPTED);
    return parseIdentity(names.slice(4), 'subjectAltName');
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new CertificateIdentityError('CERTIFICATE_IDENTITY_INVALID', `certificate: ${error.message}`);
  }
}
