import type { NetworkEvent } from './events.js';

type DataOf<Type extends NetworkEvent['type']> = Extract<NetworkEvent, { readonly type: Type }>['data'];

/** A member for each event, so that a new one does not compile until it is said here what it does. */
const TAKES_AWAY: { readonly [Type in NetworkEvent['type']]: (data: DataOf<Type>) => boolean } = {
  NetworkCreated: () => false,
  NetworkQuarantined: () => true,
  NetworkQuarantineLifted: () => false,
  NetworkDeleted: () => true,
  SandboxAttached: () => false,
  SandboxDetached: () => true,
  SandboxPlacementChanged: () => true,
  SandboxLabelsChanged: () => true,
  AliasPublished: () => false,
  AliasPortsChanged: () => true,
  AliasRemoved: () => true,
  PolicyRuleAdded: ({ effect }) => effect === 'deny',
  PolicyRuleRemoved: () => true,
  PolicyRuleExpired: () => true,
  EgressRuleAdded: ({ effect }) => effect === 'deny',
  EgressRuleRemoved: () => true,
  PolicyTestAdded: () => false,
  PolicyTestRemoved: () => false,
  PolicyTestsOverridden: () => false,
  EgressRuleExpired: () => true,
};

/** Whether an event may take something away from somebody: it is then not held back to be coalesced with others. */
export function takesSomethingAway<Type extends NetworkEvent['type']>(event: {
  readonly type: Type;
  readonly data: DataOf<Type>;
}): boolean {
  return TAKES_AWAY[event.type](event.data);
}
