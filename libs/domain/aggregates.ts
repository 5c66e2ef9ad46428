import { AGENT_SCHEMAS, type AgentEvent } from './agent/events.js';
import type { StoredDomainEvent } from './aggregate.js';
import type { EventSchemas, Upcast } from './event-schemas.js';
import { LOCAL_NODE_SCHEMAS, type LocalNodeEvent } from './local-node/events.js';
import { NETWORK_SCHEMAS, type NetworkEvent } from './network/events.js';
import { SANDBOX_SCHEMAS, type SandboxEvent } from './sandbox/events.js';
import { STORE_KEY_SCHEMAS, type StoreKeyEvent } from './store-key/events.js';

export type DomainEvent = NetworkEvent | SandboxEvent | AgentEvent | LocalNodeEvent | StoreKeyEvent;

/** The schema of every event, used for writing, reading and refusing. */
const SCHEMAS: EventSchemas<DomainEvent> = {
  ...NETWORK_SCHEMAS,
  ...SANDBOX_SCHEMAS,
  ...AGENT_SCHEMAS,
  ...LOCAL_NODE_SCHEMAS,
  ...STORE_KEY_SCHEMAS,
};

/** By event type: the steps from older schema versions to the current one, for the store's upcasters. */
export function upcastsByType(): { readonly [type: string]: readonly Upcast[] } {
  return Object.fromEntries(Object.entries(SCHEMAS).map(([type, { upcasts }]) => [type, upcasts]));
}

/** An event in its stored form. */
export function storedEvent({ type, data }: DomainEvent): StoredDomainEvent {
  return { type, schemaVersion: SCHEMAS[type].upcasts.length + 1, data };
}
