import { existsSync } from 'node:fs';
import type { EventStore } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { migrate } from '#migrations/index.js';
import { command } from '#test/support/commands.js';
import { startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';

/** SIGTERM asks Postgres to end when its clients are gone: it takes no new ones, and serves those it has. */
describe('a store on a server that is asked to end when its clients are gone', function () {
  this.timeout(60_000);
  let server: TestPostgres;
  let store: EventStore;
  const positions: number[] = [];

  before(async () => {
    server = await startTestPostgres();
    const databaseUrl = server.url('postgres');
    await migrate(databaseUrl);
    store = createEventStore({ databaseUrl, onConnectionError: () => {} });
  });

  after(async () => {
    await store?.close();
    await server?.stop();
  });

  it('lets go of it, and goes on with the next one', async () => {
    store.subscribe(
      0,
      async (events) => void positions.push(...events.map(({ position }) => position)),
      () => {},
    );
    await store.execute(command());
    await waitFor('the first event is delivered', () => positions.length === 1);
    const ending = server.pid();
    process.kill(ending, 'SIGTERM');
    await waitFor('the server has ended', () => !existsSync(`/proc/${ending}`));
    await server.start();
    await store.execute(command());
    await waitFor('the second event is delivered', () => positions.length === 2);
  });

  it('follows a server that was away for long as soon as it is back', async () => {
    const errors: unknown[] = [];
    const delivered: unknown[] = [];
    store.subscribe(
      0,
      async (events) => void delivered.push(...events),
      (error) => errors.push(error),
    );
    await waitFor('what is there is delivered', () => delivered.length > 0);
    const before = delivered.length;
    await server.kill();
    // Tried ever more rarely, it would be tried next after seconds by now.
    await waitFor('the server was tried many times', () => errors.length >= 9, 30_000);
    await server.start();
    await store.execute(command());
    await waitFor('the event is delivered', () => delivered.length > before, 2_500);
  });
});
