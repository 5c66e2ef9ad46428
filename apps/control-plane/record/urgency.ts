import type { StoredEvent } from '#libs/event-store/event-store.js';

const URGENT_TYPES: ReadonlySet<string> = new Set([
  'PolicyRuleRemoved',
  'AliasRemoved',
  'AliasPortsChanged',
  'SandboxDetached',
  'SandboxPlacementChanged',
  'SandboxLabelsChanged',
  'NetworkDeleted',
]);

/** Whether an event may take something away from somebody: it is then not held back to be coalesced with others. */
export function takesSomethingAway({ type, data }: Pick<StoredEvent, 'type' | 'data'>): boolean {
  return URGENT_TYPES.has(type) || (type === 'PolicyRuleAdded' && data.effect === 'deny');
}
