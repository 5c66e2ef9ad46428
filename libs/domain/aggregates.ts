import { AGENT_SCHEMAS, type AgentEvent } from './agent/events.js';
import type { StoredDomainEvent } from './aggregate.js';
import type { EventSchemas, Upcast } from './event-schemas.js';
import { LOCAL_NODE_SCHEMAS, type LocalNodeEvent } from './local-node/events.js';
import { NETWORK_SCHEMAS, type NetworkEvent } from './network/events.js';
import { SANDBOX_SCHEMAS, type SandboxEvent } from './sandbox/events.js';

export type DomainEvent = NetworkEvent | SandboxEvent | AgentEvent | LocalNodeEvent;

/** One table for writing, reading and refusing: the schema of every event there is. */
const SCHEMAS: EventSchemas<DomainEvent> = {
  ...NETWORK_SCHEMAS,
  ...SANDBOX_SCHEMAS,
  ...AGENT_SCHEMAS,
  ...LOCAL_NODE_SCHEMAS,
};

/** For each event type the steps that bring older schema versions to the one written now: the store's upcasters. */
export function upcastsByType(): { readonly [type: string]: readonly Upcast[] } {
  return Object.fromEntries(Object.entries(SCHEMAS).map(([type, { upcasts }]) => [type, upcasts]));
}

/** What the store writes for an event. */
export function storedEvent({ type, data }: DomainEvent): StoredDomainEvent {
  return { type, schemaVersion: SCHEMAS[type].upcasts.length + 1, data };
}
