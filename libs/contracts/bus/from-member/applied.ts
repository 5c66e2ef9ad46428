import { type AliasName, type FlowId, type NetworkId, parseAliasName, parseFlowId, parseNetworkId } from '../../ids.js';
import { type FieldParser, integerBetween, listOf, nullOr, parseObject, wordOf } from '../../json-fields.js';
import { parseTime } from '../../times.js';
import { codeText, parseHash, sentence } from '../fields.js';
import { type Epoch, parseEpoch, signatureIn } from '../network-version.js';
import { parseMemberEnvelope } from '../protocol.js';

export const APPLIED = 'applied';

/** A listener or name that could not be started. */
export interface AliasFailure {
  readonly alias: AliasName;
  readonly code: string;
  readonly message: string;
}

/** What a member did with a version. Sent until a Receipt answers it, and repeated in each heartbeat. */
export interface AppliedMessage {
  readonly protocol: number;
  readonly epoch: Epoch;
  readonly networkId: NetworkId;
  /** The version held before; null: none. */
  readonly from: number | null;
  readonly to: number;
  readonly hash: string;
  /** As in NetworkVersion; null when refused. */
  readonly signature: string | null;
  readonly outcome: 'applied' | 'refused';
  /** Set if the member refused the version; then the previous one stays in force. */
  readonly code: string | null;
  readonly message: string | null;
  readonly aliasFailures: readonly AliasFailure[];
  /** Flows that this agent cut for this version. Both ends may report the same flow; it is counted once. */
  readonly flowsCut: readonly FlowId[];
  /** RFC 3339, by the agent's clock. */
  readonly appliedAt: string;
}

const MAX_FLOWS_CUT = 100_000;
/** As many as a network can have aliases. */
const MAX_FAILURES = 10_000;

/** The largest version that is stored. */
const version = integerBetween(0, 2_147_483_647);

const parseKeptEpoch: FieldParser<Epoch> = (value, field) => {
  const epoch = parseEpoch(value, field);
  return { ...epoch, counter: version(epoch.counter, `${field}.counter`) };
};

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseAppliedMessage(value: unknown): AppliedMessage {
  const message = parseMemberEnvelope(value);
  return {
    protocol: message.protocol,
    epoch: parseKeptEpoch(message.epoch, 'epoch'),
    networkId: parseNetworkId(message.networkId, 'networkId'),
    from: nullOr(version)(message.from, 'from'),
    to: version(message.to, 'to'),
    hash: parseHash(message.hash, 'hash'),
    signature: signatureIn(message.protocol)(message.signature, 'signature'),
    outcome: wordOf(['applied', 'refused'])(message.outcome, 'outcome'),
    code: nullOr(codeText)(message.code, 'code'),
    message: nullOr(sentence)(message.message, 'message'),
    aliasFailures: listOf((item, field) => {
      const failure = parseObject(item, field);
      return {
        alias: parseAliasName(failure.alias, `${field}.alias`),
        code: codeText(failure.code, `${field}.code`),
        message: sentence(failure.message, `${field}.message`),
      };
    }, MAX_FAILURES)(message.aliasFailures, 'aliasFailures'),
    flowsCut: listOf(parseFlowId, MAX_FLOWS_CUT)(message.flowsCut, 'flowsCut'),
    appliedAt: parseTime(message.appliedAt, 'appliedAt'),
  };
}
