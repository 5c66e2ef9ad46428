import type { JsonValue } from '#libs/contracts/canonical-json.js';

export type EventData = { readonly [key: string]: JsonValue };
/** Data of one schema version as data of the next. Pure, and for ever: the events it reads are never rewritten. */
export type Upcast = (data: EventData) => EventData;

export interface EventSchema {
  /** From version 1 to 2, from 2 to 3, and so on: the version written now is one more than the steps. */
  readonly upcasts: readonly Upcast[];
}

/** A member for each type, so that a new event does not compile until its schema is named. */
export type EventSchemas<Event extends { readonly type: string }> = {
  readonly [Type in Event['type']]: EventSchema;
};
