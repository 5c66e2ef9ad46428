import { InvalidInputError } from '../../errors.js';
import { type AgentId, parseAgentId, parseSandboxId, type SandboxId } from '../../ids.js';
import {
  type FieldParser,
  integerBetween,
  listOf,
  nullOr,
  parseObject,
  parseTrueOrFalse,
  textUpTo,
  wordOf,
} from '../../json-fields.js';
import { codeText, counter, parseBootId, sentence } from '../fields.js';
import { BUS_PROTOCOL, parseEnvelope, parseMemberEnvelope } from '../protocol.js';

export const INVENTORY = 'inventory';

export interface SandboxReport {
  readonly sandboxId: SandboxId;
  readonly address: string;
  readonly isolation: (typeof ISOLATION_STATES)[number];
  /**
   * What was observed: why isolation is not enforced, or which dials failed as they must; null: nothing was tried yet.
   */
  readonly isolationEvidence: string | null;
  /** What to do so that isolation is enforced. */
  readonly isolationRemedy: string | null;
  /** Whether the driver can vouch for the source of a connection. */
  readonly source: 'verified' | 'unverified';
  readonly dns: 'active' | 'restart-required' | 'unknown';
  /** What to do so that DNS becomes active. */
  readonly dnsRemedy: string | null;
  /** The network namespace in which commands for this sandbox run, by name; null: none. */
  readonly namespace: string | null;
  /** The container in which commands for this sandbox run; null: none. */
  readonly container: ContainerReport | null;
  /** Its processes are frozen, as by `docker pause`. Agents refuse new flows to it. */
  readonly paused: boolean;
}

/** `broken`: a dial that must fail succeeded. */
export const ISOLATION_STATES = ['enforced', 'advisory', 'broken'] as const;

/** A container of the Docker Engine that listens on this socket of the agent's host. */
export interface ContainerReport {
  readonly id: string;
  readonly name: string;
  /** RFC 3339; changes with each start. */
  readonly startedAt: string;
  readonly engineSocket: string;
}

/** A sandbox that a driver was asked to take, and cannot take as it is. */
export interface RefusedSandbox {
  /** Its name in its runtime. */
  readonly name: string;
  /** The sandbox id that it asks for; null: no valid one. */
  readonly sandboxId: SandboxId | null;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * From agents only: everything that the driver sees, after each change and each hello. Answered with InventoryReply. An
 * inventory that is too large for one message is sent in parts with the same sequence; the answer to the last part
 * answers all.
 */
export interface InventoryMessage {
  readonly protocol: number;
  readonly bootId: string;
  readonly sequence: number;
  readonly part: { readonly index: number; readonly count: number };
  readonly driver: string;
  readonly sandboxes: readonly SandboxReport[];
  readonly refused: readonly RefusedSandbox[];
}

/** PLACEMENT_CONFLICT: another agent has it. SANDBOX_PINNED: it may be placed on another agent only. */
export const CONFLICT_CODES = ['PLACEMENT_CONFLICT', 'SANDBOX_PINNED'] as const;

/** A sandbox that the agent reports but may not have. */
export interface SandboxConflict {
  readonly sandboxId: SandboxId;
  readonly code: (typeof CONFLICT_CODES)[number];
  readonly owner: AgentId;
}

export interface InventoryReply {
  readonly protocol: number;
  readonly accepted: readonly SandboxId[];
  readonly conflicts: readonly SandboxConflict[];
}

const MAX_SANDBOXES = 10_000;
/** Refused sandboxes that an inventory names, at most. */
export const MAX_REFUSED = 1_000;
const MAX_PARTS = 100;
const WHOLE = { index: 0, count: 1 };

const parseContainerReport: FieldParser<ContainerReport> = (value, field) => {
  const container = parseObject(value, field);
  return {
    id: textUpTo(128)(container.id, `${field}.id`),
    name: textUpTo(256)(container.name, `${field}.name`),
    startedAt: textUpTo(64)(container.startedAt, `${field}.startedAt`),
    engineSocket: textUpTo(128)(container.engineSocket, `${field}.engineSocket`),
  };
};

/** Agents of earlier releases omit fields that they did not know. */
const parseSandboxReport: FieldParser<SandboxReport> = (value, field) => {
  const report = parseObject(value, field);
  return {
    sandboxId: parseSandboxId(report.sandboxId, `${field}.sandboxId`),
    address: textUpTo(64)(report.address, `${field}.address`),
    isolation: wordOf(ISOLATION_STATES)(report.isolation, `${field}.isolation`),
    isolationEvidence: nullOr(sentence)(report.isolationEvidence ?? null, `${field}.isolationEvidence`),
    isolationRemedy: nullOr(sentence)(report.isolationRemedy ?? null, `${field}.isolationRemedy`),
    source: wordOf(['verified', 'unverified'])(report.source, `${field}.source`),
    dns: wordOf(['active', 'restart-required', 'unknown'])(report.dns, `${field}.dns`),
    dnsRemedy: nullOr(sentence)(report.dnsRemedy, `${field}.dnsRemedy`),
    namespace: nullOr(textUpTo(128))(report.namespace, `${field}.namespace`),
    container: nullOr(parseContainerReport)(report.container ?? null, `${field}.container`),
    paused: parseTrueOrFalse(report.paused ?? false, `${field}.paused`),
  };
};

const parseRefusedSandbox: FieldParser<RefusedSandbox> = (value, field) => {
  const refused = parseObject(value, field);
  return {
    name: textUpTo(256)(refused.name, `${field}.name`),
    sandboxId: nullOr(parseSandboxId)(refused.sandboxId, `${field}.sandboxId`),
    code: codeText(refused.code, `${field}.code`),
    message: sentence(refused.message, `${field}.message`),
    remedy: sentence(refused.remedy, `${field}.remedy`),
  };
};

const parsePart: FieldParser<InventoryMessage['part']> = (value, field) => {
  const part = parseObject(value, field);
  const count = integerBetween(1, MAX_PARTS)(part.count, `${field}.count`);
  return { index: integerBetween(0, count - 1)(part.index, `${field}.index`), count };
};

/** Joins the parts of one inventory, given in order. Throws InvalidInputError. */
export function joinInventory(parts: readonly InventoryMessage[]): InventoryMessage {
  const [first] = parts;
  if (first === undefined) throw new InvalidInputError('part', 'none', 'at least one part');
  const sandboxes = parts.flatMap((part) => part.sandboxes);
  const refused = parts.flatMap((part) => part.refused);
  if (sandboxes.length > MAX_SANDBOXES || refused.length > MAX_REFUSED) {
    const found = `${sandboxes.length} sandboxes and ${refused.length} refused`;
    throw new InvalidInputError('sandboxes', found, `at most ${MAX_SANDBOXES} and ${MAX_REFUSED}`);
  }
  requireEachOnce(sandboxes);
  return { ...first, part: WHOLE, sandboxes, refused };
}

function requireEachOnce(sandboxes: readonly SandboxReport[]): void {
  const ids = new Set(sandboxes.map(({ sandboxId }) => sandboxId));
  if (ids.size !== sandboxes.length) throw new InvalidInputError('sandboxes', 'a sandbox twice', 'each sandbox once');
}

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseInventoryMessage(value: unknown): InventoryMessage {
  const message = parseMemberEnvelope(value);
  const sandboxes = listOf(parseSandboxReport, MAX_SANDBOXES)(message.sandboxes, 'sandboxes');
  requireEachOnce(sandboxes);
  return {
    protocol: message.protocol,
    bootId: parseBootId(message.bootId, 'bootId'),
    sequence: counter(message.sequence, 'sequence'),
    part: parsePart(message.part ?? WHOLE, 'part'),
    driver: textUpTo(32)(message.driver, 'driver'),
    sandboxes,
    refused: listOf(parseRefusedSandbox, MAX_REFUSED)(message.refused ?? [], 'refused'),
  };
}

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseInventoryReply(value: unknown): InventoryReply {
  const reply = parseEnvelope(value);
  return {
    protocol: BUS_PROTOCOL,
    accepted: listOf(parseSandboxId, MAX_SANDBOXES)(reply.accepted, 'accepted'),
    conflicts: listOf((item, field) => {
      const conflict = parseObject(item, field);
      return {
        sandboxId: parseSandboxId(conflict.sandboxId, `${field}.sandboxId`),
        code: wordOf(CONFLICT_CODES)(conflict.code, `${field}.code`),
        owner: parseAgentId(conflict.owner, `${field}.owner`),
      };
    }, MAX_SANDBOXES)(reply.conflicts, 'conflicts'),
  };
}
