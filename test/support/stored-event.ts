import type { StoredEvent } from '#libs/event-store/event-store.js';

/** An event as the store returns it, with defaults for everything that the test does not set. */
export function storedEvent(overrides: Partial<StoredEvent>): StoredEvent {
  return {
    position: 1,
    streamId: 's',
    streamVersion: 1,
    type: 'Happened',
    schemaVersion: 1,
    data: {},
    metadata: {},
    actor: 'tester',
    commandId: 'c',
    correlationId: 'c',
    causationId: null,
    recordedAt: '2026-01-31T10:20:30.120Z',
    previousHash: '0'.repeat(64),
    hash: '1'.repeat(64),
    ...overrides,
  };
}
