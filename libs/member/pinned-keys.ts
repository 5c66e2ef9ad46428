import { X509Certificate } from 'node:crypto';
import { fingerprint, keysThatFollow } from '#libs/audit/key-succession.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { TrustedKeys } from '#libs/contracts/store-keys.js';
import { authoritiesIn, certifiedKey } from '#libs/mesh/authorities.js';
import type { MemberCredentials } from './credentials.js';

type StoreCredentials = Pick<MemberCredentials, 'snapshotKeys' | 'successions' | 'authority' | 'certificate'>;

/** The control plane names another key of the store than the one pinned, and no signature leads from this one to it. */
export class StoreKeyChangedError extends CodedError {}

const ENROL_AGAIN = 'if an admin changed this, revoke this agent, empty its state folder and enrol it again';

/**
 * The issued credentials, with only those keys of the store that the member trusts already, or that such a key has
 * signed as its successor. If none of the issued keys is one of these, the member keeps its present keys, and `refused`
 * has the error. `current`: null at the enrolment, which takes the keys as they are issued.
 */
export function withPinnedKeys<Credentials extends StoreCredentials>(
  current: StoreCredentials | null,
  issued: Credentials,
): { readonly credentials: Credentials; readonly refused: readonly StoreKeyChangedError[] } {
  if (current === null) return { credentials: issued, refused: [] };
  const refused: StoreKeyChangedError[] = [];
  const signing = keysThatFollow('signing', current.snapshotKeys, issued.successions);
  let snapshotKeys = issued.snapshotKeys.filter((key) => signing.has(key));
  if (snapshotKeys.length === 0) {
    snapshotKeys = [...current.snapshotKeys];
    refused.push(
      new StoreKeyChangedError(
        'SNAPSHOT_KEY_CHANGED',
        'the control plane signs snapshots with another key than at enrolment; the key from enrolment stays trusted',
        ENROL_AGAIN,
      ),
    );
  }
  const mesh = keysThatFollow('mesh', authoritiesIn(current.authority).map(certifiedKey), issued.successions);
  let authority = authoritiesIn(issued.authority)
    .filter((pem) => mesh.has(certifiedKey(pem)))
    .join('\n');
  if (authority === '') {
    authority = current.authority;
    refused.push(
      new StoreKeyChangedError(
        'MESH_AUTHORITY_CHANGED',
        'the control plane has another mesh authority than at enrolment; the one from enrolment stays trusted',
        ENROL_AGAIN,
      ),
    );
  }
  return { credentials: { ...issued, snapshotKeys, authority }, refused };
}

/** Heartbeats ask for it every few seconds, and credentials change once in half an hour. */
const known = new WeakMap<StoreCredentials, TrustedKeys>();

/** The store's keys in these credentials, as fingerprints. */
export function trustedKeysOf(credentials: StoreCredentials): TrustedKeys {
  const before = known.get(credentials);
  if (before !== undefined) return before;
  const authorities = authoritiesIn(credentials.authority);
  const certificate = new X509Certificate(credentials.certificate);
  const issuer = authorities.find((pem) => certificate.verify(new X509Certificate(pem).publicKey));
  const trusted = {
    signing: credentials.snapshotKeys.map(fingerprint),
    mesh: authorities.map((pem) => fingerprint(certifiedKey(pem))),
    issuer: issuer === undefined ? null : fingerprint(certifiedKey(issuer)),
  };
  known.set(credentials, trusted);
  return trusted;
}

/** Follows the keys that the control plane names in its answers: credentials with others are renewed, once for each. */
export class OfferedKeys {
  private asked = '';

  areNews(offered: TrustedKeys | undefined, held: StoreCredentials): boolean {
    if (offered === undefined) return false;
    const named = JSON.stringify(offered);
    if (named === this.asked || named === JSON.stringify(trustedKeysOf(held))) return false;
    this.asked = named;
    return true;
  }
}
