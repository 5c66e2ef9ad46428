import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
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
