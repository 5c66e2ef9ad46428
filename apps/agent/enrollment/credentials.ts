import { InvalidInputError } from '#libs/contracts/errors.js';
import { MESH_TRANSPORTS, type MeshTransport } from '#libs/contracts/http/mesh-transports.js';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { type FieldParser, listOf, nullOr, parseObject, textUpTo, wordOf } from '#libs/contracts/json-fields.js';

/** What the control plane issued to this agent. Secret only together with the keys, kept 0600 all the same. */
export interface AgentCredentials {
  readonly agentId: AgentId;
  readonly busJwt: string;
  readonly busServers: readonly string[];
  readonly certificate: string;
  readonly authority: string;
  /** Signs snapshots: SPKI, DER, base64. */
  readonly snapshotPublicKey: string;
  readonly storeId: string;
  /** Which mesh the control plane would have this agent join; null: none. */
  readonly meshTransport: MeshTransport | null;
  readonly meshControlUrl: string | null;
  /** RFC 3339; issuedAt by the agent's clock, when the answer came. */
  readonly issuedAt: string;
  readonly expiresAt: string;
}

const MOST_SERVERS = 32;

const parseTime: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) {
    throw new InvalidInputError(field, value, 'a time as in RFC 3339');
  }
  return value;
};

/** An answer of the control plane, or the agent's own file; throws InvalidInputError. */
export function parseCredentials(value: unknown): AgentCredentials {
  const fields = parseObject(value, 'credentials');
  return {
    agentId: parseAgentId(fields.agentId, 'agentId'),
    busJwt: textUpTo(16_384)(fields.busJwt, 'busJwt'),
    busServers: listOf(textUpTo(512), MOST_SERVERS)(fields.busServers, 'busServers'),
    certificate: textUpTo(16_384)(fields.certificate, 'certificate'),
    authority: textUpTo(65_536)(fields.authority, 'authority'),
    snapshotPublicKey: textUpTo(1_024)(fields.snapshotPublicKey, 'snapshotPublicKey'),
    storeId: textUpTo(128)(fields.storeId, 'storeId'),
    // Not there in credentials of an earlier release.
    meshTransport: nullOr(wordOf(MESH_TRANSPORTS))(fields.meshTransport ?? null, 'meshTransport'),
    meshControlUrl: nullOr(textUpTo(2_048))(fields.meshControlUrl ?? null, 'meshControlUrl'),
    issuedAt: parseTime(fields.issuedAt, 'issuedAt'),
    expiresAt: parseTime(fields.expiresAt, 'expiresAt'),
  };
}

/** When to renew: half way, so that a control plane that is away for as long again costs nothing. */
export function renewalTime({ issuedAt, expiresAt }: AgentCredentials): Date {
  return new Date((Date.parse(issuedAt) + Date.parse(expiresAt)) / 2);
}
