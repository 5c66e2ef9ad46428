import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { MeshIdentity } from './flow.js';
import { describeIdentity } from './identity.js';

/** A developer's machine that may open sessions. */
export type LocalPeer = Omit<Extract<MeshIdentity, { kind: 'local' }>, 'kind'>;

/** The identity that a peer has proved, and the key it proved it with. */
export interface ProvenPeer {
  readonly peer: MeshIdentity;
  readonly keyThumbprint: string;
}

/**
 * Who may have a session with this node: the agents and local nodes that the control plane names, and no others. The
 * certificate alone does not decide: a revoked agent's certificate is valid until it expires.
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
    // An agent that was revoked and enrolled again has the same name and another key.
    return named === null || named === keyThumbprint;
  }
}
