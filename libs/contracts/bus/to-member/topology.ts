import { type NetworkId, parseNetworkId } from '../../ids.js';
import { integerBetween, nullOr, parseObject, textUpTo, wordOf } from '../../json-fields.js';
import { codeText, counter, parseHash, sentence } from '../fields.js';
import { type Epoch, parseEpoch } from '../network-version.js';
import { BUS_PROTOCOL, parseEnvelope, parseMemberEnvelope } from '../protocol.js';

export const TOPOLOGY = 'topology';

/** One part of a snapshot's canonical JSON. Answered with TopologyReply. */
export interface TopologyMessage {
  readonly protocol: number;
  /** The publisher's lease term; an agent ignores older ones. */
  readonly term: number;
  readonly epoch: Epoch;
  readonly networkId: NetworkId;
  /** null: a full snapshot. */
  readonly from: number | null;
  readonly to: number;
  readonly hash: string;
  readonly part: { readonly index: number; readonly count: number };
  readonly body: string;
  /** Ed25519 over topologyStatement, base64. */
  readonly signature: string;
}

export interface TopologyReply {
  readonly protocol: number;
  readonly status: 'received' | 'ignored' | 'refused';
  readonly code: string | null;
  readonly message: string | null;
}

/** Parts that a snapshot may be cut into. */
export const MAX_PARTS = 4_096;
/** A part is below what the bus carries at once. */
export const MAX_BODY_CHARACTERS = 1_048_576;

/** The text that a snapshot's signature covers; `recipient` is the agent's id, or localNodeRecipient. */
export function topologyStatement(
  recipient: string,
  message: Pick<TopologyMessage, 'epoch' | 'networkId' | 'from' | 'to' | 'hash'>,
): string {
  const { epoch, networkId, from, to, hash } = message;
  return ['gs-topology-v1', recipient, epoch.counter, epoch.id, networkId, from ?? 'full', to, hash].join('\n');
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
    status: wordOf(['received', 'ignored', 'refused'])(reply.status, 'status'),
    code: nullOr(codeText)(reply.code, 'code'),
    message: nullOr(sentence)(reply.message, 'message'),
  };
}
