import type { ElementKey } from '#libs/policy/snapshot-elements.js';
import type { NetworkEvent } from './events.js';

/**
 * The elements that an event may have added, changed or taken away. Egress rules are none: each agent has its own of
 * them, and they are hashed beside the elements that all agents share.
 */
export function elementsTouchedBy(event: NetworkEvent): readonly ElementKey[] {
  switch (event.type) {
    case 'NetworkCreated':
    case 'NetworkDeleted':
    case 'NetworkQuarantined':
    case 'NetworkQuarantineLifted':
    case 'EgressRuleAdded':
    case 'EgressRuleRemoved':
    case 'PolicyTestAdded':
    case 'PolicyTestRemoved':
    case 'PolicyTestsOverridden':
    case 'EgressRuleExpired':
      return [];
    case 'SandboxAttached':
    case 'SandboxDetached':
    case 'SandboxPlacementChanged':
    case 'SandboxLabelsChanged':
      return [{ kind: 'sandbox', id: event.data.sandboxId }];
    case 'AliasPublished':
    case 'AliasPortsChanged':
    case 'AliasRemoved':
      return [{ kind: 'alias', id: event.data.alias }];
    case 'PolicyRuleAdded':
    case 'PolicyRuleRemoved':
    case 'PolicyRuleExpired':
      return [{ kind: 'rule', id: event.data.ruleId }];
  }
}
