import {
  type AliasName,
  type NetworkId,
  type OutsideName,
  parseAliasName,
  parseNetworkId,
  parseRuleId,
  type RuleId,
} from '../../ids.js';
import { type FieldParser, integerBetween, listOf, nullOr, parseObject, textUpTo, wordOf } from '../../json-fields.js';
import { type DestinationName, parseDestinationName, parseOutsideName } from '../../outside-names.js';
import { parsePort } from '../../ports.js';
import { formatSelector, parseSelector, SELECTOR_EFFECTS, type SelectorEffect } from '../../selectors.js';
import { parseTime } from '../../times.js';
import { CHECK_ROLES, type Check, type CheckRole, parseCheck } from '../checks.js';
import { counter, parseHash } from '../fields.js';
import { type Epoch, type NetworkVersion, networkVersionIn, parseEpoch } from '../network-version.js';
import { BUS_PROTOCOL, parseEnvelope, parseMemberEnvelope } from '../protocol.js';
import { type DeniedNamesReply, type DeniedNamesRequest, parseDenials } from './denied-names.js';
import { MAX_BODY_CHARACTERS, MAX_PARTS } from './topology.js';

export const DIAGNOSE = 'diagnose';

/** A question about the member itself. */
export type DiagnoseRequest =
  | {
      readonly protocol: number;
      readonly kind: 'resolve';
      readonly networkId: NetworkId;
      readonly alias: AliasName;
    }
  | HeldRequest
  | DeniedNamesRequest
  | { readonly protocol: number; readonly kind: 'flows'; readonly networkId: NetworkId }
  | {
      readonly protocol: number;
      readonly kind: 'checks';
      readonly networkId: NetworkId;
      /** What the control plane expects the asked member to hold now. */
      readonly epoch: Epoch;
      readonly version: number;
      readonly hash: string;
      readonly role: CheckRole;
      readonly from: string;
      readonly alias: AliasName;
      readonly port: number;
    }
  | OutsideChecksRequest;

/** Checks of a connection to a name outside; answered as `checks`. */
export interface OutsideChecksRequest {
  readonly protocol: number;
  readonly kind: 'outside-checks';
  /** target: the member is the exit that a rule names. */
  readonly role: CheckRole;
  readonly networkId: NetworkId;
  readonly epoch: Epoch;
  readonly version: number;
  readonly hash: string;
  readonly from: string;
  readonly name: OutsideName;
  readonly port: number;
}

export type DiagnoseReply =
  | HeldReply
  | FlowsReply
  | DeniedNamesReply
  | {
      readonly protocol: number;
      readonly kind: 'resolve';
      readonly address: string | null;
      readonly version: number | null;
    }
  | {
      readonly protocol: number;
      readonly kind: 'checks';
      readonly checks: readonly Check[];
      /** The decision by the policy held here; null: none is held. */
      readonly effect: SelectorEffect | null;
    };

/** Asks for the snapshot that an agent holds, part by part. `admin new-epoch` compares it with the store. */
export interface HeldRequest {
  readonly protocol: number;
  readonly kind: 'held';
  readonly networkId: NetworkId;
  /** Counted from 0. */
  readonly part: number;
}

export interface HeldReply {
  readonly protocol: number;
  readonly kind: 'held';
  /** null: the agent does not hold this network. */
  readonly held: {
    readonly version: NetworkVersion;
    readonly part: { readonly index: number; readonly count: number };
    /** A part of the snapshot's canonical JSON. */
    readonly body: string;
  } | null;
}

/** An agent's open flows in a network, by source, alias and port. */
export interface FlowsReply {
  readonly protocol: number;
  readonly kind: 'flows';
  readonly pairs: readonly OpenFlows[];
  /** The number of entries that did not fit into the answer. */
  readonly leftOut: number;
}

/** Open flows at one end with the same source, destination and port. */
export interface OpenFlows {
  /** `sandbox:<id>` or `local:<user>`. */
  readonly from: string;
  /** An alias, or a name outside. */
  readonly alias: DestinationName;
  readonly port: number;
  readonly end: CheckRole;
  readonly open: number;
  /** RFC 3339, by the agent's clock. */
  readonly oldestOpenedAt: string;
  readonly bytesToTarget: number;
  readonly bytesToSource: number;
  /** The rule that allows them in the version held there; null: none does any more. */
  readonly ruleId: RuleId | null;
}

/** Entries in one answer, so that it fits into one message. */
export const MOST_PAIRS = 2_000;

/** Questions that one end answers concurrently, so that one that waits for a silent peer does not delay the others. */
export const QUESTIONS_AT_ONCE = 8;
const MAX_CHECKS = 16;

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseDiagnoseRequest(value: unknown): DiagnoseRequest {
  const message = parseEnvelope(value);
  const kind = wordOf(['resolve', 'checks', 'outside-checks', 'held', 'flows', 'denied-names'])(message.kind, 'kind');
  const networkId = parseNetworkId(message.networkId, 'networkId');
  if (kind === 'held') return { protocol: BUS_PROTOCOL, kind, networkId, part: counter(message.part, 'part') };
  if (kind === 'flows' || kind === 'denied-names') return { protocol: BUS_PROTOCOL, kind, networkId };
  const about = { protocol: BUS_PROTOCOL, networkId };
  if (kind === 'resolve') return { ...about, kind, alias: parseAliasName(message.alias, 'alias') };
  const question = {
    ...about,
    epoch: parseEpoch(message.epoch, 'epoch'),
    version: counter(message.version, 'version'),
    hash: parseHash(message.hash, 'hash'),
    from: formatSelector(parseSelector(message.from, 'from')),
    port: parsePort(message.port, 'port'),
  };
  // A control plane of an earlier release asks only sources, and does not say so.
  const role = wordOf(CHECK_ROLES)(kind === 'outside-checks' ? (message.role ?? 'source') : message.role, 'role');
  if (kind === 'outside-checks') return { ...question, kind, role, name: parseOutsideName(message.name, 'name') };
  return { ...question, kind, role, alias: parseAliasName(message.alias, 'alias') };
}

const parseHeldPart: FieldParser<NonNullable<HeldReply['held']>> = (value, field) => {
  const held = parseObject(value, field);
  const part = parseObject(held.part, `${field}.part`);
  const count = integerBetween(1, MAX_PARTS)(part.count, `${field}.part.count`);
  return {
    version: networkVersionIn(BUS_PROTOCOL)(held.version, `${field}.version`),
    part: { index: integerBetween(0, count - 1)(part.index, `${field}.part.index`), count },
    body: textUpTo(MAX_BODY_CHARACTERS)(held.body, `${field}.body`),
  };
};

const parseOpenFlows: FieldParser<OpenFlows> = (value, field) => {
  const flows = parseObject(value, field);
  return {
    from: formatSelector(parseSelector(flows.from, `${field}.from`)),
    alias: parseDestinationName(flows.alias, `${field}.alias`),
    port: parsePort(flows.port, `${field}.port`),
    end: wordOf(CHECK_ROLES)(flows.end, `${field}.end`),
    open: counter(flows.open, `${field}.open`),
    oldestOpenedAt: parseTime(flows.oldestOpenedAt, `${field}.oldestOpenedAt`),
    bytesToTarget: counter(flows.bytesToTarget, `${field}.bytesToTarget`),
    bytesToSource: counter(flows.bytesToSource, `${field}.bytesToSource`),
    ruleId: nullOr(parseRuleId)(flows.ruleId, `${field}.ruleId`),
  };
};

/** Missing in protocol 1: of such an agent's decision, only an allow is known, from its check of the policy. */
const effectIn =
  (protocol: number, checks: readonly Check[]): FieldParser<SelectorEffect | null> =>
  (value, field) => {
    if (protocol === BUS_PROTOCOL) return nullOr(wordOf(SELECTOR_EFFECTS))(value, field);
    return checks.some(({ code, status }) => code === 'POLICY' && status === 'pass') ? 'allow' : null;
  };

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseDiagnoseReply(value: unknown): DiagnoseReply {
  const reply = parseMemberEnvelope(value);
  const kind = wordOf(['resolve', 'checks', 'held', 'flows', 'denied-names'])(reply.kind, 'kind');
  if (kind === 'flows') {
    const pairs = listOf(parseOpenFlows, MOST_PAIRS)(reply.pairs, 'pairs');
    return { protocol: reply.protocol, kind, pairs, leftOut: counter(reply.leftOut, 'leftOut') };
  }
  if (kind === 'denied-names') return { protocol: reply.protocol, kind, ...parseDenials(reply) };
  if (kind === 'held') return { protocol: reply.protocol, kind, held: nullOr(parseHeldPart)(reply.held, 'held') };
  if (kind === 'checks') {
    const checks = listOf(parseCheck, MAX_CHECKS)(reply.checks, 'checks');
    return { protocol: reply.protocol, kind, checks, effect: effectIn(reply.protocol, checks)(reply.effect, 'effect') };
  }
  return {
    protocol: reply.protocol,
    kind: 'resolve',
    address: nullOr(textUpTo(64))(reply.address, 'address'),
    version: nullOr(counter)(reply.version, 'version'),
  };
}
