import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { MeshIdentity } from './flow.js';
import { describeIdentity } from './identity.js';

/** A developer's machine that may open sessions. */
export type LocalPeer = Omit<Extract<MeshIdentity, { kind: 'local' }>, 'kind'>;

/** Who a peer has proved to be, and with which key. */
export interface ProvenPeer {
  readonly peer: MeshIdentity;
  readonly keyThumbprint: string;
}

/**
 * Who may have a session with this node: agents and local nodes that the control plane names, and nobody else. A
 * certificate says who somebody is; that of a revoked agent says so until it ends.
 */
export class Admission {
  private agents: ReadonlyMap<AgentId, string | null> = new Map();
  private localNodes: ReadonlySet<string> = new Set();

  setPeers(peers: readonly Peer[]): void {
    this.agents = new Map(peers.map(({ agentId, keyThumbprint }) => [agentId, keyThumbprint]));
  }

  setLocalNodes(nodes: readonly LocalPeer[]): void {
    this.localNodes = new Set(nodes.map(({ user, node }) => describeIdentity({ kind: 'local', user, node })));
  }

  admits({ peer, keyThumbprint }: ProvenPeer): boolean {
    if (peer.kind === 'local') return this.localNodes.has(describeIdentity(peer));
    const named = this.agents.get(peer.agentId);
    // An agent that was enrolled again has another key than the one that was revoked, under the same name.
    return named === null || named === keyThumbprint;
  }
}
