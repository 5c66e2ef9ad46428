import type { JsonValue } from '#libs/contracts/canonical-json.js';
import { CodedError } from '#libs/contracts/errors.js';
import {
  type AgentEvent,
  type DomainEvent,
  type LocalNodeEvent,
  type NetworkEvent,
  type SandboxEvent,
  SCHEMA_VERSION,
} from './events.js';

/** The part of a stored event that the domain reads, after the store's upcasters. */
export interface StoredDomainEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: { readonly [key: string]: JsonValue };
}

/** A newer release wrote this event: nothing that folds this stream can be trusted here. */
export class EventUnknownError extends CodedError {
  constructor({ type, schemaVersion }: StoredDomainEvent) {
    super(
      'EVENT_UNKNOWN',
      `event ${type} in schema version ${schemaVersion} is not known to this release`,
      'run the release that wrote it, or a later one',
    );
  }
}

const NETWORK_EVENTS = typesOf<NetworkEvent>({
  NetworkCreated: true,
  SandboxAttached: true,
  SandboxDetached: true,
  AliasPublished: true,
  AliasPortsChanged: true,
  AliasRemoved: true,
  PolicyRuleAdded: true,
  PolicyRuleRemoved: true,
  SandboxPlacementChanged: true,
  SandboxLabelsChanged: true,
  NetworkDeleted: true,
});
const SANDBOX_EVENTS = typesOf<SandboxEvent>({
  SandboxRegistered: true,
  SandboxPlaced: true,
  SandboxLabelled: true,
  SandboxGone: true,
  SandboxReturned: true,
  SandboxReleased: true,
});
const AGENT_EVENTS = typesOf<AgentEvent>({ AgentEnrolled: true, AgentRenewed: true, AgentRevoked: true });
const LOCAL_NODE_EVENTS = typesOf<LocalNodeEvent>({
  LocalNodeJoined: true,
  LocalNodeRenewed: true,
  LocalNodeExpired: true,
  LocalNodeRevoked: true,
  LocalNodeLeft: true,
});

/** A member for each type, so that a new event does not compile until it is named here. */
function typesOf<Event extends DomainEvent>(types: { readonly [Type in Event['type']]: true }): ReadonlySet<string> {
  return new Set(Object.keys(types));
}

/** The event as the domain knows it: the log's hashes vouch for its shape. Throws EventUnknownError. */
export const networkEventOf = (stored: StoredDomainEvent): NetworkEvent => known<NetworkEvent>(stored, NETWORK_EVENTS);
export const sandboxEventOf = (stored: StoredDomainEvent): SandboxEvent => known<SandboxEvent>(stored, SANDBOX_EVENTS);
export const agentEventOf = (stored: StoredDomainEvent): AgentEvent => known<AgentEvent>(stored, AGENT_EVENTS);
export const localNodeEventOf = (stored: StoredDomainEvent): LocalNodeEvent =>
  known<LocalNodeEvent>(stored, LOCAL_NODE_EVENTS);

function known<Event extends DomainEvent>(stored: StoredDomainEvent, types: ReadonlySet<string>): Event {
  if (stored.schemaVersion !== SCHEMA_VERSION || !types.has(stored.type)) throw new EventUnknownError(stored);
  const event: object = { type: stored.type, data: stored.data };
  return event as Event;
}

/** What the store writes for an event. */
export function storedEvent({ type, data }: DomainEvent): StoredDomainEvent {
  return { type, schemaVersion: SCHEMA_VERSION, data };
}
