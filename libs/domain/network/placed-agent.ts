import type { AgentId } from '#libs/contracts/ids.js';
import type { NetworkEvent } from './events.js';

/** The agent that an event names as the holder of a sandbox; null: it names none. */
export function agentNamedBy(event: NetworkEvent): AgentId | null {
  switch (event.type) {
    case 'SandboxAttached':
    case 'SandboxPlacementChanged':
      return event.data.agentId;
    case 'NetworkCreated':
    case 'NetworkDeleted':
    case 'SandboxDetached':
    case 'SandboxLabelsChanged':
    case 'AliasPublished':
    case 'AliasPortsChanged':
    case 'AliasRemoved':
    case 'PolicyRuleAdded':
    case 'PolicyRuleRemoved':
      return null;
  }
}
