import { type NetworkId, parseNetworkId } from '../../ids.js';
import { integerBetween, nullOr, parseObject, textUpTo, wordOf } from '../../json-fields.js';
import { codeText, counter, parseHash, sentence } from '../fields.js';
import { type Epoch, parseEpoch } from '../network-version.js';
import { BUS_PROTOCOL, parseEnvelope, parseMemberEnvelope } from '../protocol.js';

export const TOPOLOGY = 'topology';

/** One part of a snapshot's canonical JSON, or a whole delta as JSON. Answered with TopologyReply. */
export interface TopologyMessage {
  readonly protocol: number;
  /** The publisher's lease term; an agent ignores older ones. */
  readonly term: number;
  readonly epoch: Epoch;
  readonly networkId: NetworkId;
  /** The version that the delta in `body` starts from; null: `body` is of a snapshot. */
  readonly from: number | null;
  readonly to: number;
  /** Of the whole snapshot of version `to`, also when a delta leads there. */
  readonly hash: string;
  readonly part: { readonly index: number; readonly count: number };
  readonly body: string;
  /** Ed25519 over topologyStatement, base64. */
  readonly signature: string;
}

const TOPOLOGY_REPLIES = ['received', 'ignored', 'refused', 'snapshot-needed'] as const;

export interface TopologyReply {
  readonly protocol: number;
  /** `snapshot-needed`: the delta does not lead on from what is held here; asked for the whole it takes it. */
  readonly status: (typeof TOPOLOGY_REPLIES)[number];
  readonly code: string | null;
  readonly message: string | null;
}

/** Parts that a snapshot may be cut into. */
export const MAX_PARTS = 4_096;
/** A part is below what the bus carries at once. */
export const MAX_BODY_CHARACTERS = 1_048_576;

/**
 * The text that a signature covers; `recipient` is the agent's id, or localNodeRecipient. It says what is to be held,
 * not how it travels, so that one signature also proves later what an agent holds.
 */
export function topologyStatement(
  recipient: string,
  message: Pick<TopologyMessage, 'epoch' | 'networkId' | 'to' | 'hash'>,
): string {
  const { epoch, networkId, to, hash } = message;
  return ['gs-topology-v1', recipient, epoch.counter, epoch.id, networkId, 'full', to, hash].join('\n');
}

/** One part of a snapshot; its body is not looked at. Throws ProtocolUnsupportedError, InvalidInputError. */
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
