import { randomUUID } from 'node:crypto';
import { type LocalNodeId, parseNetworkId, parseUserName } from '#libs/contracts/ids.js';
import type { DomainEvent } from '#libs/domain/aggregates.js';
import { storedEvent } from '#libs/domain/aggregates.js';
import type { LocalNodeEvent } from '#libs/domain/local-node/events.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';

/** Begins a stream like a release that claimed no keys. */
export async function appendAsEarlierRelease(
  databaseUrl: string,
  streamId: string,
  events: readonly DomainEvent[],
): Promise<void> {
  const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
  try {
    await store.execute({
      ...{ commandId: randomUUID(), actor: 'an earlier release', requestHash: '', correlationId: 'earlier' },
      ...{ causationId: null, streamId, expectedVersion: 0, events: events.map(storedEvent) },
      ...{ claims: [], releases: [], result: null },
    });
  } finally {
    await store.close();
  }
}

/** A machine's join to a network, good for a quarter of an hour. */
export function joinedEvent(
  nodeId: LocalNodeId,
  networkId: string,
  keys: { readonly nkey: string; readonly meshKeyThumbprint: string },
): LocalNodeEvent {
  return {
    type: 'LocalNodeJoined',
    data: {
      nodeId,
      user: parseUserName('ada', 'user'),
      networkId: parseNetworkId(networkId, 'network'),
      machine: 'laptop',
      ...{ nkey: keys.nkey, meshKeyThumbprint: keys.meshKeyThumbprint },
      tokenId: 'token',
      expiresAt: new Date(Date.now() + 900_000).toISOString(),
    },
  };
}
