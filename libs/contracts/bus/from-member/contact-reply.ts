import { type NetworkId, parseNetworkId } from '../../ids.js';
import { listOf, parseObject } from '../../json-fields.js';
import { counter, parseHash } from '../fields.js';
import { type Epoch, MAX_NETWORKS, parseEpoch } from '../network-version.js';
import { BUS_PROTOCOL, parseEnvelope } from '../protocol.js';
import { type AdmittedLocalNode, type Peer, parseLocalNodeList, parsePeerList } from '../to-member/peers.js';

/** The answer to hello and heartbeat. A member counts as in contact only after such an answer. */
export interface ContactReply {
  readonly protocol: number;
  /** Every protocol that this control plane serves. */
  readonly serves: readonly number[];
  readonly term: number;
  readonly epoch: Epoch;
  /** Current versions of every network the member is to hold, each with the hash of what it is to hold. */
  readonly networks: readonly { readonly networkId: NetworkId; readonly version: number; readonly hash: string }[];
  readonly peersRevision: number;
  readonly peers: readonly Peer[];
  /** Developers' machines that may ask this agent for flows; of no other is a flow accepted. */
  readonly localNodes: readonly AdmittedLocalNode[];
}

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseContactReply(value: unknown): ContactReply {
  const reply = parseEnvelope(value);
  return {
    protocol: BUS_PROTOCOL,
    serves: listOf(counter, 16)(reply.serves, 'serves'),
    term: counter(reply.term, 'term'),
    epoch: parseEpoch(reply.epoch, 'epoch'),
    networks: listOf((item, field) => {
      const network = parseObject(item, field);
      return {
        networkId: parseNetworkId(network.networkId, `${field}.networkId`),
        version: counter(network.version, `${field}.version`),
        hash: parseHash(network.hash, `${field}.hash`),
      };
    }, MAX_NETWORKS)(reply.networks, 'networks'),
    peersRevision: counter(reply.peersRevision, 'peersRevision'),
    peers: parsePeerList(reply.peers, 'peers'),
    localNodes: parseLocalNodeList(reply.localNodes, 'localNodes'),
  };
}
