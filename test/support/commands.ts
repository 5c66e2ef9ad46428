import { randomUUID } from 'node:crypto';
import type { CommandWrite } from '#libs/event-store/event-store.js';

/** A command that writes one event to a new stream, with defaults for everything that the test does not set. */
export function command(overrides: Partial<CommandWrite> = {}): CommandWrite {
  const commandId = overrides.commandId ?? randomUUID();
  return {
    commandId,
    actor: 'tester',
    requestHash: 'request',
    correlationId: commandId,
    causationId: null,
    streamId: `stream-${commandId}`,
    expectedVersion: 0,
    events: [{ type: 'Happened', schemaVersion: 1, data: { what: 'something' } }],
    claims: [],
    releases: [],
    result: { done: true },
    ...overrides,
  };
}
