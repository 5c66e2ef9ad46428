import { type NetworkId, parseNetworkId } from '../../ids.js';
import { integerBetween, nullOr, parseObject, textUpTo, wordOf } from '../../json-fields.js';
import { codeText, counter, parseHash, sentence } from '../fields.js';
import { type Epoch, parseEpoch } from '../network-version.js';
import { BUS_PROTOCOL, parseEnvelope, parseMemberEnvelope } from '../protocol.js';

export const TOPOLOGY = 'topology';

/** One part of a snapshot as canonical JSON, or a whole delta as JSON. Answered with TopologyReply. */
export interface TopologyMessage {
  readonly protocol: number;
  /** The publisher's lease term; agents ignore older terms. */
  readonly term: number;
  readonly epoch: Epoch;
  readonly networkId: NetworkId;
  /** The version that the delta in `body` starts from; null: `body` belongs to a snapshot. */
  readonly from: number | null;
  readonly to: number;
  /** Hash of the whole snapshot of version `to`, also for a delta. */
  readonly hash: string;
  readonly part: { readonly index: number; readonly count: number };
  readonly body: string;
  /** Ed25519 over topologyStatement, base64. */
  readonly signature: string;
}

const TOPOLOGY_REPLIES = ['received', 'ignored', 'refused', 'snapshot-needed'] as const;

export interface TopologyReply {
  readonly protocol: number;
  /** `snapshot-needed`: the delta does not start from what the member holds, so it needs the snapshot. */
  readonly status: (typeof TOPOLOGY_REPLIES)[number];
  readonly code: string | null;
  readonly message: string | null;
}

/** Parts of one snapshot. */
export const MAX_PARTS = 4_096;
/** Characters of one part, so that it fits into one message. */
export const MAX_BODY_CHARACTERS = 1_048_576;

/**
 * The text that is signed; `recipient` is the agent's id, or localNodeRecipient. It says what is to be held and not how
 * it is sent, so the same signature later proves what an agent holds.
 */
export function topologyStatement(
  recipient: string,
  message: Pick<TopologyMessage, 'epoch' | 'networkId' | 'to' | 'hash'>,
): string {
  const { epoch, networkId, to, hash } = message;
  return ['gs-topology-v1', recipient, epoch.counter, epoch.id, networkId, 'full', to, hash].join('\n');
}

/** Parses one part of a snapshot without looking at its body. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseTopologyMessage(value: unknown): TopologyMessage {
  const message = parseEnvelope(value);
  const part = parseObject(message.part, 'part');
  const count = integerBetween(1, MAX_PARTS)(part.count, 'part.count');
  return {
    protocol: BUS_PROTOCOL,
    term: counter(message.term, 'term'),
    epoch: parseEpoch(message.epoch, 'epoch'),
    networkId: parseNetworkId(message.networkId, 'networkId'),
    from: nullOr(counter)(message.from, 'from'),
    to: counter(message.to, 'to'),
    hash: parseHash(message.hash, 'hash'),
    part: { index: integerBetween(0, count - 1)(part.index, 'part.index'), count },
    body: textUpTo(MAX_BODY_CHARACTERS)(message.body, 'body'),
    signature: textUpTo(256)(message.signature, 'signature'),
  };
}

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseTopologyReply(value: unknown): TopologyReply {
  const reply = parseMemberEnvelope(value);
  return {
    protocol: reply.protocol,
    status: wordOf(TOPOLOGY_REPLIES)(reply.status, 'status'),
    code: nullOr(codeText)(reply.code, 'code'),
    message: nullOr(sentence)(reply.message, 'message'),
  };
}
