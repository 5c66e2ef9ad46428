import type { AgentId } from '#libs/contracts/ids.js';
import type { NetworkEvent } from './events.js';

/** The agents that an event names as holders of a sandbox, or of the network. */
export function agentsNamedBy(event: NetworkEvent): readonly AgentId[] {
  switch (event.type) {
    case 'SandboxAttached':
    case 'SandboxPlacementChanged':
      return event.data.agentId === null ? [] : [event.data.agentId];
    case 'NetworkQuarantined':
      return event.data.agents;
    case 'NetworkCreated':
    case 'NetworkDeleted':
    case 'NetworkQuarantineLifted':
    case 'SandboxDetached':
    case 'SandboxLabelsChanged':
    case 'AliasPublished':
    case 'AliasPortsChanged':
    case 'AliasRemoved':
    case 'PolicyRuleAdded':
    case 'PolicyRuleRemoved':
      return [];
  }
}
