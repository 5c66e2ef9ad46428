import type { JsonValue } from '#libs/contracts/canonical-json.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { Decision } from './decision.js';
import type { EventSchemas } from './event-schemas.js';

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

/**
 * One kind of stream as one value: how its streams are called, which events they hold in which schema version, what
 * they fold to, and what commands make of that.
 */
export interface Aggregate<
  Id extends string,
  State extends { readonly version: number },
  Event extends { readonly type: string; readonly data: object },
  Command,
> {
  /** What the names of its streams begin with. */
  readonly prefix: `${string}-`;
  readonly schemas: EventSchemas<Event>;
  /** The state after one more event of its stream; null: before the first. */
  readonly evolve: (before: State | null, event: Event) => State;
  /** As evolve for each event in turn, where that can be done at less cost. */
  readonly evolveThrough?: (before: State | null, events: readonly Event[]) => State | null;
  readonly decide: (command: Command, state: State | null) => Decision<Event, unknown>;
  /** Never set: carries the type of its ids. */
  readonly idType?: Id;
}

type AnyAggregate<Id extends string> = { readonly prefix: string; readonly idType?: Id };

export function streamOf<Id extends string>({ prefix }: AnyAggregate<Id>, id: Id): string {
  return `${prefix}${id}`;
}

/** The id in a stream's name; null: it is a stream of another kind. */
export function idOfStream<Id extends string>({ prefix }: AnyAggregate<Id>, streamId: string): Id | null {
  return streamId.startsWith(prefix) ? (streamId.slice(prefix.length) as Id) : null;
}

interface Reading<State, Event extends { readonly type: string }> {
  readonly schemas: EventSchemas<Event>;
  readonly evolve: (before: State | null, event: Event) => State;
  readonly evolveThrough?: (before: State | null, events: readonly Event[]) => State | null;
}

/** The event as the domain knows it: the log's hashes vouch for its shape. Throws EventUnknownError. */
export function eventOf<Event extends { readonly type: string }>(
  { schemas }: { readonly schemas: EventSchemas<Event> },
  stored: StoredDomainEvent,
): Event {
  const schema = Object.hasOwn(schemas, stored.type) ? schemas[stored.type as Event['type']] : undefined;
  if (schema === undefined || stored.schemaVersion !== schema.upcasts.length + 1) throw new EventUnknownError(stored);
  const event: object = { type: stored.type, data: stored.data };
  return event as Event;
}

/** A stream, folded on from a state already known. Throws EventUnknownError, and what `evolve` throws. */
export function foldStored<State, Event extends { readonly type: string }>(
  aggregate: Reading<State, Event>,
  before: State | null,
  stored: readonly StoredDomainEvent[],
): State | null {
  const events = stored.map((event) => eventOf(aggregate, event));
  if (aggregate.evolveThrough !== undefined) return aggregate.evolveThrough(before, events);
  return events.reduce<State | null>(aggregate.evolve, before);
}
