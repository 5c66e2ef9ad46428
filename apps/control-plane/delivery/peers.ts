import type { AdmittedLocalNode, Peer, PeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { compareText } from '#libs/policy/order.js';

/**
 * All enrolled agents that share a network with this one, in order; including those that cannot be reached, since they
 * may reach this agent.
 */
export function peersOf(
  agentId: AgentId,
  participantsOfItsNetworks: readonly (readonly AgentId[])[],
  peerOf: (agentId: AgentId) => Peer | null,
): readonly Peer[] {
  const others = new Set(participantsOfItsNetworks.flat());
  others.delete(agentId);
  return [...others].sort(compareText).flatMap((other) => peerOf(other) ?? []);
}

/** The peers of one agent. */
export interface PeerList {
  readonly revision: number;
  /** In order of their ids; a peer that has not changed is the same object in the next list. */
  readonly peers: readonly Peer[];
  readonly localNodes: readonly AdmittedLocalNode[];
}

export function isSamePeer(one: Peer, other: Peer): boolean {
  return (
    one.agentId === other.agentId &&
    one.keyThumbprint === other.keyThumbprint &&
    one.endpoints.length === other.endpoints.length &&
    one.endpoints.every((endpoint, index) => endpoint === other.endpoints[index])
  );
}

/** Costs a comparison for each peer, and reads nothing of them. */
export function isSameList(one: Omit<PeerList, 'revision'>, other: Omit<PeerList, 'revision'>): boolean {
  return (
    one.peers.length === other.peers.length &&
    one.peers.every((peer, index) => peer === other.peers[index]) &&
    JSON.stringify(one.localNodes) === JSON.stringify(other.localNodes)
  );
}

/** What leads from one list to another. */
export function changesOf(held: PeerList, list: PeerList): Omit<PeersMessage, 'protocol' | 'kind'> {
  const before = new Map(held.peers.map((peer) => [peer.agentId, peer]));
  const peers = list.peers.filter((peer) => before.get(peer.agentId) !== peer);
  for (const { agentId } of list.peers) before.delete(agentId);
  const { revision, localNodes } = list;
  return { revision, peers, localNodes, changes: { since: held.revision, gone: [...before.keys()] } };
}
