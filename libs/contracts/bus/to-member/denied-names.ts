import { type NetworkId, type OutsideName, parseSandboxId, type SandboxId } from '../../ids.js';
import { type FieldParser, listOf, nullOr, parseObject } from '../../json-fields.js';
import { parseOutsideName } from '../../outside-names.js';
import { parsePort } from '../../ports.js';
import { parseTime } from '../../times.js';
import { codeText, counter } from '../fields.js';

/** What an agent's sandboxes of a network were lately refused of names outside. */
export interface DeniedNamesRequest {
  readonly protocol: number;
  readonly kind: 'denied-names';
  readonly networkId: NetworkId;
}

export interface DeniedNamesReply {
  readonly protocol: number;
  readonly kind: 'denied-names';
  /** The most frequent first. */
  readonly denied: readonly ReportedDenial[];
  /** Those beyond what one answer names. */
  readonly leftOut: number;
}

export interface ReportedDenial {
  readonly sandboxId: SandboxId;
  readonly name: OutsideName;
  /** null: a DNS query, which names no port. */
  readonly port: number | null;
  readonly reason: string;
  readonly count: number;
  /** RFC 3339, the agent's clock. */
  readonly lastAt: string;
}

/** Denials that one answer names: below what the bus carries at once. */
export const MOST_DENIED = 1_000;

const parseReportedDenial: FieldParser<ReportedDenial> = (value, field) => {
  const denial = parseObject(value, field);
  return {
    sandboxId: parseSandboxId(denial.sandboxId, `${field}.sandboxId`),
    name: parseOutsideName(denial.name, `${field}.name`),
    port: nullOr(parsePort)(denial.port, `${field}.port`),
    reason: codeText(denial.reason, `${field}.reason`),
    count: counter(denial.count, `${field}.count`),
    lastAt: parseTime(denial.lastAt, `${field}.lastAt`),
  };
};

/** The members of a reply of this kind. Throws InvalidInputError. */
export function parseDenials(reply: { readonly [key: string]: unknown }): Pick<DeniedNamesReply, 'denied' | 'leftOut'> {
  return {
    denied: listOf(parseReportedDenial, MOST_DENIED)(reply.denied, 'denied'),
    leftOut: counter(reply.leftOut, 'leftOut'),
  };
}
