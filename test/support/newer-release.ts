import { randomUUID } from 'node:crypto';
import { NETWORK_SCHEMAS } from '#libs/domain/network/events.js';
import type { NewEvent } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';

/** Appends to a stream like a release that knows more events than this one; returns the position of the last. */
export async function appendAsNewerRelease(
  databaseUrl: string,
  streamId: string,
  events: readonly NewEvent[],
): Promise<number> {
  const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
  try {
    const written = await store.execute({
      ...{ commandId: randomUUID(), actor: 'a newer release', requestHash: '', correlationId: 'newer' },
      ...{ causationId: null, streamId, expectedVersion: await store.streamVersion(streamId), events },
      ...{ claims: [], releases: [], result: null },
    });
    if (written.kind !== 'written') throw new Error('the command was written before');
    return written.position;
  } finally {
    await store.close();
  }
}

/** Events that this release cannot read: one of an unknown type, and one with a changed schema. */
export const NEWER_EVENTS: { readonly [kind: string]: NewEvent } = {
  'an event type of a newer release': { type: 'NetworkPainted', schemaVersion: 1, data: { colour: 'red' } },
  'a newer schema version': {
    type: 'PolicyRuleAdded',
    schemaVersion: NETWORK_SCHEMAS.PolicyRuleAdded.upcasts.length + 2,
    data: { ruleId: 'rule-00000000' },
  },
};
