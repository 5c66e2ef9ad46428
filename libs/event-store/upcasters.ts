import type { Upcast } from '#libs/domain/event-schemas.js';
import type { StoredEvent } from './event-store.js';

/**
 * By event type: the steps from version 1 to 2, 2 to 3, and so on. The newest version is the number of steps plus one,
 * and 1 for a type that is not listed.
 */
export class Upcasters {
  private readonly steps: ReadonlyMap<string, readonly Upcast[]>;

  constructor(steps: { readonly [type: string]: readonly Upcast[] } = {}) {
    this.steps = new Map(Object.entries(steps));
  }

  newestVersion(type: string): number {
    return (this.steps.get(type)?.length ?? 0) + 1;
  }

  /**
   * The event in the newest version that this release knows; its hash stays that of the stored text. An event of a
   * newer release stays as it is.
   */
  upcast(event: StoredEvent): StoredEvent {
    const newest = this.newestVersion(event.type);
    if (event.schemaVersion >= newest) return event;
    const steps = this.steps.get(event.type) ?? [];
    const data = steps.slice(event.schemaVersion - 1).reduce((older, step) => step(older), event.data);
    return { ...event, data, schemaVersion: newest };
  }
}
