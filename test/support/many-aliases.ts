import type { NewEvent } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';

interface WrittenTo {
  readonly id: string;
  readonly version: number;
}

/** The aliases of this many commands, in one transaction: aliases of an attached sandbox, on port 8080. */
export function writeAliases(
  databaseUrl: string,
  network: WrittenTo,
  aliases: readonly { readonly alias: string; readonly sandboxId: string }[],
): Promise<void> {
  return writeEvents(
    databaseUrl,
    network,
    aliases.map((each) => ({
      type: 'AliasPublished',
      schemaVersion: 1,
      data: { ...each, ports: [{ published: 8_080, target: 8_080 }] },
    })),
  );
}

/** In one transaction, after the given version. */
export async function writeEvents(databaseUrl: string, { id, version }: WrittenTo, events: readonly NewEvent[]) {
  const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
  try {
    await store.execute({
      ...{ commandId: `events-${id}-${version}`, actor: 'user:ada', requestHash: 'events', correlationId: 'events' },
      ...{ causationId: null, streamId: `network-${id}`, expectedVersion: version },
      ...{ claims: [], releases: [], result: null },
      events,
    });
  } finally {
    await store.close();
  }
}
