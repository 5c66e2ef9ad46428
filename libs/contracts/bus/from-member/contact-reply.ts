import { type NetworkId, parseNetworkId } from '../../ids.js';
import { listOf, nullOr, parseObject } from '../../json-fields.js';
import { parseTrustedKeys, type TrustedKeys } from '../../store-keys.js';
import { counter, parseHash } from '../fields.js';
import { type Epoch, MAX_NETWORKS, parseEpoch } from '../network-version.js';
import { BUS_PROTOCOL, parseEnvelope } from '../protocol.js';
import { type AdmittedLocalNode, type Peer, parseLocalNodeList, parsePeerList } from '../to-member/peers.js';

/** The answer to hello and heartbeat. Only such an answer counts as contact. */
export interface ContactReply {
  readonly protocol: number;
  /** The protocols that this control plane supports. */
  readonly serves: readonly number[];
  readonly term: number;
  readonly epoch: Epoch;
  /** For every network that the member should hold: the current version, and the hash of what it should hold. */
  readonly networks: readonly { readonly networkId: NetworkId; readonly version: number; readonly hash: string }[];
  readonly peersRevision: number;
  /** null: the member holds the list, or is being sent its changes. Only for members that report their revision. */
  readonly peers: readonly Peer[] | null;
  /** Developers' machines from which this agent accepts flows; it accepts none from others. null: as for `peers`. */
  readonly localNodes: readonly AdmittedLocalNode[] | null;
  /** What the member is to trust; missing from control planes of earlier releases. */
  readonly keys?: TrustedKeys;
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
    peers: nullOr(parsePeerList)(reply.peers, 'peers'),
    localNodes: nullOr(parseLocalNodeList)(reply.localNodes, 'localNodes'),
    ...(reply.keys === undefined ? {} : { keys: parseTrustedKeys(reply.keys, 'keys') }),
  };
}
