import { EventEmitter } from 'node:events';
import type { AdmittedLocalNode, Peer, PeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import type { LocalSource } from '#libs/data-plane/data-plane.js';
import type { MeshMember } from '#libs/mesh/flow.js';
import { compareText } from '#libs/policy/order.js';

export type PeerList = Pick<PeersMessage, 'peers' | 'localNodes'>;

const NONE = -1;

/**
 * The peers that may have sessions with this member, and the endpoints of agents, as the control plane last named them.
 * Endpoints are only hints, since a peer proves by its certificate who it is. A certificate alone is not enough: the
 * peer must also be on this list. The control plane takes a revoked peer off the list, so this member refuses it at
 * once, even though its certificate is still valid.
 */
export class AdmittedPeers {
  private peers: readonly Peer[] = [];
  /** By the name in the certificate: a developer's machine has a certificate for each network that it has joined. */
  private localNodes: ReadonlyMap<string, AdmittedLocalNode> = new Map();
  private revision = NONE;
  private readonly changes = new EventEmitter<{
    peers: [readonly Peer[]];
    localNodes: [readonly AdmittedLocalNode[]];
  }>();

  /** Calls back when an agent is added, removed, or has moved to other endpoints. */
  onPeers(listener: (peers: readonly Peer[]) => void): void {
    this.changes.on('peers', listener);
  }

  /** Calls back when a peer is admitted, or no longer is. */
  onLocalNodes(listener: (localNodes: readonly AdmittedLocalNode[]) => void): void {
    this.changes.on('localNodes', listener);
  }

  /**
   * From now on the mesh admits the peers on this list. `self`: the agent whose list it is, which is not its own peer.
   */
  admitTo(node: Pick<MeshMember, 'setPeers' | 'setLocalNodes'>, self: AgentId | null): void {
    this.onPeers((peers) => node.setPeers(peers.filter(({ agentId }) => agentId !== self)));
    this.onLocalNodes((nodes) => node.setLocalNodes(nodes.map(({ user, nodeId }) => ({ user, node: nodeId }))));
  }

  /** Ignores older revisions. `restart`: the control plane restarted, and counts revisions anew. */
  update(revision: number, list: PeerList, restart: boolean): void {
    if (revision < this.revision && !restart) return;
    this.revision = revision;
    this.use(list);
  }

  /** The revision of the list that the control plane sent; null: none yet. */
  heldRevision(): number | null {
    return this.revision === NONE ? null : this.revision;
  }

  /** Takes changes of the list; false: they start from another revision than the one held. */
  change({ revision, changes, peers, localNodes }: PeersMessage): boolean {
    if (changes === undefined || changes.since !== this.revision) return false;
    const after = new Map(this.peers.map((peer) => [peer.agentId, peer]));
    for (const agentId of changes.gone) after.delete(agentId);
    for (const peer of peers) after.set(peer.agentId, peer);
    this.revision = revision;
    this.use({ peers: [...after.values()].sort((one, other) => compareText(one.agentId, other.agentId)), localNodes });
    return true;
  }

  /**
   * Takes a list that an earlier process kept on disk. The first list from the control plane replaces it, whatever its
   * revision.
   */
  restore(list: PeerList): void {
    this.use(list);
  }

  endpointsOf(agentId: AgentId): readonly string[] {
    return this.peers.find((peer) => peer.agentId === agentId)?.endpoints ?? [];
  }

  admits(networkId: NetworkId, { user, node }: LocalSource): boolean {
    return this.localNodes.has(nameOf({ nodeId: node, user, networkId }));
  }

  private use({ peers, localNodes }: PeerList): void {
    if (JSON.stringify(peers) !== JSON.stringify(this.peers)) {
      this.peers = peers;
      this.changes.emit('peers', peers);
    }
    const before = this.localNodes;
    const after = new Map(localNodes.map((node) => [nameOf(node), node]));
    if (after.size === before.size && [...after.keys()].every((name) => before.has(name))) return;
    this.localNodes = after;
    this.changes.emit('localNodes', localNodes);
  }
}

function nameOf({ nodeId, user, networkId }: AdmittedLocalNode): string {
  return JSON.stringify([nodeId, user, networkId]);
}
