import type { Peer } from '#libs/contracts/bus-messages.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { compareText } from '#libs/policy/order.js';

/** Everybody who shares a network with this agent and can be reached, in order. */
export function peersOf(
  agentId: AgentId,
  participantsOfItsNetworks: readonly (readonly AgentId[])[],
  endpointsOf: (agentId: AgentId) => readonly string[],
): readonly Peer[] {
  const others = new Set(participantsOfItsNetworks.flat());
  others.delete(agentId);
  return [...others]
    .sort(compareText)
    .map((other) => ({ agentId: other, endpoints: endpointsOf(other) }))
    .filter(({ endpoints }) => endpoints.length > 0);
}
