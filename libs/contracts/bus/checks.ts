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
  'NAME_RESOLVES',
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

const OF_EXIT = ['TOPOLOGY_APPLIED', 'POLICY', 'NAME_RESOLVES', 'TARGET_ACCEPTS'] as const;
/** The checks of a connection to a name outside: by the agent of the source, and by the exit that a rule names. */
export const CHECKS_OF_OUTSIDE: { readonly [role in CheckRole]: readonly CheckCode[] } = {
  source: [...OF_EXIT, 'DNS_LOADED', 'PEER_REACHED', 'ISOLATED'],
  target: OF_EXIT,
};

/** One end answers all its checks within this time; the requester waits slightly longer. */
export const CHECKS_WITHIN_MS = 2_500;

export const CHECK_STATUSES = ['pass', 'fail', 'unknown', 'skipped'] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/** The result of a check: what was observed, and what to do about it. */
export interface CheckOutcome<Code extends string> {
  readonly code: Code;
  readonly status: CheckStatus;
  readonly evidence: string;
  readonly remedy: string | null;
}

/** One diagnostic check of a connection. */
export type Check = CheckOutcome<CheckCode>;

/** Longest evidence or remedy in a message. */
const MOST_CHARACTERS = 1_000;

export function pass<Code extends string>(code: Code, evidence: string) {
  return outcome(code, 'pass', evidence, null);
}

export function fail<Code extends string>(code: Code, evidence: string, remedy: string | null) {
  return outcome(code, 'fail', evidence, remedy);
}

/** The check could not find out, although it should have. */
export function unknown<Code extends string>(code: Code, evidence: string, remedy: string | null) {
  return outcome(code, 'unknown', evidence, remedy);
}

/** The check does not apply here, or nothing here can decide it; a test does not depend on it. */
export function skipped<Code extends string>(code: Code, evidence: string, remedy: string | null = null) {
  return outcome(code, 'skipped', evidence, remedy);
}

/** `, after 3 ms`: end of an evidence that says how long the answer took. */
export function tookText(milliseconds: number): string {
  return `, after ${Math.max(1, Math.round(milliseconds))} ms`;
}

/** The `3 ms` of an evidence that ends with tookText; null: it does not. */
export function tookIn(evidence: string): string | null {
  return /, after (\d+ ms)$/.exec(evidence)?.[1] ?? null;
}

function outcome<Code extends string>(
  code: Code,
  status: CheckStatus,
  evidence: string,
  remedy: string | null,
): CheckOutcome<Code> {
  return { code, status, evidence: bounded(evidence), remedy: remedy === null ? null : bounded(remedy) };
}

function bounded(text: string): string {
  return text.slice(0, MOST_CHARACTERS).toWellFormed();
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
