import { createEventStore } from '#libs/event-store/postgres-event-store.js';

/** As so many commands write them, in one transaction: aliases of a sandbox that is attached, on port 8080. */
export async function writeAliases(
  databaseUrl: string,
  network: { readonly id: string; readonly version: number },
  aliases: readonly { readonly alias: string; readonly sandboxId: string }[],
): Promise<void> {
  const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
  try {
    await store.execute({
      ...{
        commandId: `aliases-${network.version}`,
        actor: 'user:ada',
        requestHash: 'aliases',
        correlationId: 'aliases',
      },
      ...{ causationId: null, streamId: `network-${network.id}`, expectedVersion: network.version },
      ...{ claims: [], releases: [], result: null },
      events: aliases.map((each) => ({
        type: 'AliasPublished',
        schemaVersion: 1,
        data: { ...each, ports: [{ published: 8_080, target: 8_080 }] },
      })),
    });
  } finally {
    await store.close();
  }
}
