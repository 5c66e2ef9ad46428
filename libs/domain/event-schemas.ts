import type { JsonValue } from '#libs/contracts/canonical-json.js';

export type EventData = { readonly [key: string]: JsonValue };
/** Converts data of one schema version to the next. Pure and permanent, because stored events are never rewritten. */
export type Upcast = (data: EventData) => EventData;

export interface EventSchema {
  /** From version 1 to 2, from 2 to 3, and so on; the current version is the number of steps plus one. */
  readonly upcasts: readonly Upcast[];
}

/** One member per event type, so that a new event does not compile without a schema. */
export type EventSchemas<Event extends { readonly type: string }> = {
  readonly [Type in Event['type']]: EventSchema;
};
