import type { AgentId } from '#libs/contracts/ids.js';
import type { NetworkEvent } from './events.js';

/** The agents that an event names as holders of a sandbox, as holders of the network, or as an exit. */
export function agentsNamedBy(event: NetworkEvent): readonly AgentId[] {
  switch (event.type) {
    case 'SandboxAttached':
    case 'SandboxPlacementChanged':
      return event.data.agentId === null ? [] : [event.data.agentId];
    case 'NetworkQuarantined':
      return event.data.agents;
    case 'EgressRuleAdded':
      return event.data.via === null ? [] : [event.data.via];
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
    case 'PolicyRuleExpired':
    case 'EgressRuleRemoved':
    case 'PolicyTestAdded':
    case 'PolicyTestRemoved':
    case 'PolicyTestsOverridden':
    case 'EgressRuleExpired':
      return [];
  }
}
