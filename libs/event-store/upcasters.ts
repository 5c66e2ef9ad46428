import type { Upcast } from '#libs/domain/event-schemas.js';
import { UnknownEventVersionError } from './errors.js';
import type { StoredEvent } from './event-store.js';

/**
 * For each event type the steps from version 1 to 2, from 2 to 3, and so on. The newest version is therefore one more
 * than the steps, and 1 for a type that is not listed.
 */
export class Upcasters {
  private readonly steps: ReadonlyMap<string, readonly Upcast[]>;

  constructor(steps: { readonly [type: string]: readonly Upcast[] } = {}) {
    this.steps = new Map(Object.entries(steps));
  }

  newestVersion(type: string): number {
    return (this.steps.get(type)?.length ?? 0) + 1;
  }

  /** Whether this program understands the event. */
  knows(event: Pick<StoredEvent, 'type' | 'schemaVersion'>): boolean {
    return event.schemaVersion <= this.newestVersion(event.type);
  }

  /** The event in its newest version; its hash stays that of the stored text. Error: UnknownEventVersionError. */
  upcast(event: StoredEvent): StoredEvent {
    const newest = this.newestVersion(event.type);
    if (event.schemaVersion === newest) return event;
    if (event.schemaVersion > newest) throw new UnknownEventVersionError(event.type, event.schemaVersion, newest);
    const steps = this.steps.get(event.type) ?? [];
    const data = steps.slice(event.schemaVersion - 1).reduce((older, step) => step(older), event.data);
    return { ...event, data, schemaVersion: newest };
  }
}
