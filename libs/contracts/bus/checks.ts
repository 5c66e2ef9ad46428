import { type FieldParser, nullOr, parseObject, wordOf } from '../json-fields.js';
import { sentence } from './fields.js';

/** In the order in which a connection depends on them. */
export const CHECK_CODES = [
  'MESH_JOINED',
  'TOPOLOGY_APPLIED',
  'DNS_LOADED',
  'ROUTE_PRESENT',
  'POLICY',
  'USES_AGENT_DNS',
  'PEER_REACHED',
  'TARGET_ACCEPTS',
  'ISOLATED',
] as const;
export type CheckCode = (typeof CHECK_CODES)[number];

export const CHECK_ROLES = ['source', 'target'] as const;
/** Which end of the connection is asked. */
export type CheckRole = (typeof CHECK_ROLES)[number];

const OF_BOTH_ENDS = ['MESH_JOINED', 'TOPOLOGY_APPLIED', 'DNS_LOADED', 'ROUTE_PRESENT', 'POLICY'] as const;
/** The checks that each end answers. */
export const CHECKS_OF: { readonly [role in CheckRole]: readonly CheckCode[] } = {
  source: [...OF_BOTH_ENDS, 'USES_AGENT_DNS', 'PEER_REACHED', 'ISOLATED'],
  target: [...OF_BOTH_ENDS, 'TARGET_ACCEPTS'],
};

/** All checks of one end together are answered within this time; whoever asks waits a little longer. */
export const CHECKS_WITHIN_MS = 2_500;

export const CHECK_STATUSES = ['pass', 'fail', 'unknown', 'skipped'] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/** One diagnostic check: what was looked at, what was seen, and what to do about it. */
export interface Check {
  readonly code: CheckCode;
  readonly status: CheckStatus;
  readonly evidence: string;
  readonly remedy: string | null;
}

/** Throws InvalidInputError. */
export const parseCheck: FieldParser<Check> = (value, field) => {
  const check = parseObject(value, field);
  return {
    code: wordOf(CHECK_CODES)(check.code, `${field}.code`),
    status: wordOf(CHECK_STATUSES)(check.status, `${field}.status`),
    evidence: sentence(check.evidence, `${field}.evidence`),
    remedy: nullOr(sentence)(check.remedy, `${field}.remedy`),
  };
};
