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

/** The subject's old name, which members of earlier releases listen on. */
export const CONTROL = 'control';

/**
 * An agent that shares a network with the recipient. Only agents on this list may have sessions with it. Endpoints are
 * hints, because the certificate proves the identity.
 */
export interface Peer {
  readonly agentId: AgentId;
  /** `host:port`s, best first; empty while no way to reach the agent is known. */
  readonly endpoints: readonly string[];
  /**
   * SHA-256 of the public key that its certificate must have, in hexadecimal; null: sent by a control plane of an
   * earlier release.
   */
  readonly keyThumbprint: string | null;
}

/** A developer's machine that has joined one network, and whose membership was not revoked and has not expired. */
export interface AdmittedLocalNode {
  readonly nodeId: LocalNodeId;
  readonly user: UserName;
  readonly networkId: NetworkId;
}

/** Everybody who may have sessions with the recipient. Answered with a Receipt. */
export interface PeersMessage {
  readonly protocol: number;
  readonly kind: 'peers';
  readonly revision: number;
  /** All, or those that are new or have changed since an earlier revision. */
  readonly peers: readonly Peer[];
  readonly localNodes: readonly AdmittedLocalNode[];
  /** Missing: `peers` is the whole list. */
  readonly changes?: PeerChanges;
}

/** Only for members that report the revision they hold. */
export interface PeerChanges {
  /** The revision that the changes start from. A member that holds another refuses with PEERS_UNFOUNDED. */
  readonly since: number;
  readonly gone: readonly AgentId[];
}

/** The code of a Receipt: the recipient holds another list than the changes start from. */
export const PEERS_UNFOUNDED = 'PEERS_UNFOUNDED';

export const MAX_PEERS = 10_000;
export const MAX_LOCAL_NODES = 10_000;

const parsePeer: FieldParser<Peer> = (value, field) => {
  const peer = parseObject(value, field);
  return {
    agentId: parseAgentId(peer.agentId, `${field}.agentId`),
    endpoints: listOf(textUpTo(300), 16)(peer.endpoints, `${field}.endpoints`),
    // Missing in messages and files of earlier releases.
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

const parsePeerChanges: FieldParser<PeerChanges> = (value, field) => {
  const changes = parseObject(value, field);
  return {
    since: counter(changes.since, `${field}.since`),
    gone: listOf(parseAgentId, MAX_PEERS)(changes.gone, `${field}.gone`),
  };
};

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parsePeersMessage(value: unknown): PeersMessage {
  const message = parseEnvelope(value);
  return {
    protocol: BUS_PROTOCOL,
    kind: wordOf(['peers'])(message.kind, 'kind'),
    revision: counter(message.revision, 'revision'),
    peers: parsePeerList(message.peers, 'peers'),
    localNodes: parseLocalNodeList(message.localNodes, 'localNodes'),
    ...(message.changes === undefined ? {} : { changes: parsePeerChanges(message.changes, 'changes') }),
  };
}
