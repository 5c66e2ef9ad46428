import { type FieldParser, listOf, nullOr, textUpTo, wordOf } from '#libs/contracts/json-fields.js';
import { MESH_TRANSPORTS, type MeshTransport } from '#libs/contracts/mesh-transports.js';
import { type KeySuccession, parseSnapshotKeys, parseSuccessions } from '#libs/contracts/store-keys.js';
import { parseTime } from '#libs/contracts/times.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import type { MemberKeys } from './keys.js';

/** The credentials that the control plane issues to every member. Only the holder of the member's keys can use them. */
export interface MemberCredentials {
  readonly busJwt: string;
  readonly busServers: readonly string[];
  readonly certificate: string;
  readonly authority: string;
  /** Public keys that verify snapshots: SPKI, DER, base64. Several while the key is rotated. */
  readonly snapshotKeys: readonly string[];
  /** Which key of the store followed which. */
  readonly successions: readonly KeySuccession[];
  /** The mesh that the control plane offers; null: none. */
  readonly meshTransport: MeshTransport | null;
  readonly meshControlUrl: string | null;
  /** When the answer came, by the member's clock. */
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

const MOST_SERVERS = 32;

const parseDate: FieldParser<Date> = (value, field) => new Date(parseTime(value, field));

/** The fields that every member's credentials have; throws InvalidInputError. */
export function parseMemberCredentials(fields: { readonly [key: string]: unknown }): MemberCredentials {
  return {
    busJwt: textUpTo(16_384)(fields.busJwt, 'busJwt'),
    busServers: listOf(textUpTo(512), MOST_SERVERS)(fields.busServers, 'busServers'),
    certificate: textUpTo(16_384)(fields.certificate, 'certificate'),
    authority: textUpTo(65_536)(fields.authority, 'authority'),
    // Missing in credentials of an earlier release, as are the next three.
    snapshotKeys: parseSnapshotKeys(fields.snapshotKeys ?? [fields.snapshotPublicKey], 'snapshotKeys'),
    successions: parseSuccessions(fields.successions ?? [], 'successions'),
    meshTransport: nullOr(wordOf(MESH_TRANSPORTS))(fields.meshTransport ?? null, 'meshTransport'),
    meshControlUrl: nullOr(textUpTo(2_048))(fields.meshControlUrl ?? null, 'meshControlUrl'),
    issuedAt: parseDate(fields.issuedAt, 'issuedAt'),
    expiresAt: parseDate(fields.expiresAt, 'expiresAt'),
  };
}

/** The certificate and key that a member uses in the mesh. */
export function meshCredentials(
  { certificate, authority }: MemberCredentials,
  { meshPrivateKey }: MemberKeys,
): MeshCredentials {
  return { certificate, authority, privateKey: meshPrivateKey };
}
