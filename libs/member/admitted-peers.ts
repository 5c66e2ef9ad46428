import { EventEmitter } from 'node:events';
import type { AdmittedLocalNode, Peer, PeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import type { LocalSource } from '#libs/data-plane/data-plane.js';
import type { MeshMember } from '#libs/mesh/flow.js';

export type PeerList = Pick<PeersMessage, 'peers' | 'localNodes'>;

/**
 * Who may have sessions with this member and where agents are, as the control plane last said. Endpoints are hints: who
 * answers there is proved by certificate. A certificate says who somebody is; only this list says that they may still
 * come, so that one who is revoked is out at once.
 */
export class AdmittedPeers {
  private peers: readonly Peer[] = [];
  /** By name: a developer's machine has one certificate and one session for each network that it has joined. */
  private localNodes: ReadonlyMap<string, AdmittedLocalNode> = new Map();
  private revision = -1;
  private readonly changes = new EventEmitter<{
    peers: [readonly Peer[]];
    localNodes: [readonly AdmittedLocalNode[]];
  }>();

  /** Told when agents are others than before, or elsewhere. */
  onPeers(listener: (peers: readonly Peer[]) => void): void {
    this.changes.on('peers', listener);
  }

  /** Told when somebody is admitted newly, or not any more. */
  onLocalNodes(listener: (localNodes: readonly AdmittedLocalNode[]) => void): void {
    this.changes.on('localNodes', listener);
  }

  /** The mesh admits whom this names from now on. `self`: the agent that it belongs to, which is no peer of its own. */
  admitTo(node: Pick<MeshMember, 'setPeers' | 'setLocalNodes'>, self: AgentId | null): void {
    this.onPeers((peers) => node.setPeers(peers.filter(({ agentId }) => agentId !== self)));
    this.onLocalNodes((nodes) => node.setLocalNodes(nodes.map(({ user, nodeId }) => ({ user, node: nodeId }))));
  }

  /** Older revisions are ignored; those of another publisher begin anew, which `restart` tells. */
  update(revision: number, list: PeerList, restart: boolean): void {
    if (revision < this.revision && !restart) return;
    this.revision = revision;
    this.use(list);
  }

  /** What was said in an earlier life: the first list of this one replaces it, whatever its revision. */
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
