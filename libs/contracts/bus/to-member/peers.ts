import {
  type AgentId,
  type LocalNodeId,
  type NetworkId,
  parseAgentId,
  parseLocalNodeId,
  parseNetworkId,
  parseUserName,
  type UserName,
} from '../../ids.js';
import { type FieldParser, listOf, nullOr, parseObject, textUpTo, wordOf } from '../../json-fields.js';
import { counter } from '../fields.js';
import { BUS_PROTOCOL, parseEnvelope } from '../protocol.js';

/** An older name of the subject, kept because members of earlier releases listen there. */
export const CONTROL = 'control';

/**
 * An agent that shares a network with the recipient: only those that are named may have sessions with it. Identity is
 * proved by certificate, so an endpoint is only a hint.
 */
export interface Peer {
  readonly agentId: AgentId;
  /** `host:port` each, best first; none while it is not known how the agent is reached. */
  readonly endpoints: readonly string[];
  /** SHA-256 of the public key that its certificate must have, hexadecimal; null: a control plane that does not say. */
  readonly keyThumbprint: string | null;
}

/** A developer's machine that has joined one network, and was neither revoked nor left to expire. */
export interface AdmittedLocalNode {
  readonly nodeId: LocalNodeId;
  readonly user: UserName;
  readonly networkId: NetworkId;
}

/** Everybody with whom the recipient may have sessions. Answered with a Receipt. */
export interface PeersMessage {
  readonly protocol: number;
  readonly kind: 'peers';
  readonly revision: number;
  readonly peers: readonly Peer[];
  readonly localNodes: readonly AdmittedLocalNode[];
}

export const MAX_PEERS = 10_000;
export const MAX_LOCAL_NODES = 10_000;

const parsePeer: FieldParser<Peer> = (value, field) => {
  const peer = parseObject(value, field);
  return {
    agentId: parseAgentId(peer.agentId, `${field}.agentId`),
    endpoints: listOf(textUpTo(300), 16)(peer.endpoints, `${field}.endpoints`),
    // Not there in what an earlier release sent, or left on disk.
    keyThumbprint: nullOr(textUpTo(128))(peer.keyThumbprint ?? null, `${field}.keyThumbprint`),
  };
};
/** Throws InvalidInputError. */
export const parsePeerList = listOf(parsePeer, MAX_PEERS);

const parseAdmittedLocalNode: FieldParser<AdmittedLocalNode> = (value, field) => {
  const node = parseObject(value, field);
  return {
    nodeId: parseLocalNodeId(node.nodeId, `${field}.nodeId`),
    user: parseUserName(node.user, `${field}.user`),
    networkId: parseNetworkId(node.networkId, `${field}.networkId`),
  };
};
/** Throws InvalidInputError. */
export const parseLocalNodeList = listOf(parseAdmittedLocalNode, MAX_LOCAL_NODES);

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parsePeersMessage(value: unknown): PeersMessage {
  const message = parseEnvelope(value);
  return {
    protocol: BUS_PROTOCOL,
    kind: wordOf(['peers'])(message.kind, 'kind'),
    revision: counter(message.revision, 'revision'),
    peers: parsePeerList(message.peers, 'peers'),
    localNodes: parseLocalNodeList(message.localNodes, 'localNodes'),
  };
}
