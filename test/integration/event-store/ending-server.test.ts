import { existsSync } from 'node:fs';
import type { EventStore } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { migrate } from '#migrations/index.js';
import { command } from '#test/support/commands.js';
import { query, startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';

/** The first ones come sooner than one a second. */
const TRIES = 9;

/** After SIGTERM Postgres ends when its clients are gone: it accepts no new ones, and serves the present ones. */
describe('a store on a server that is asked to end when its clients are gone', function () {
  this.timeout(60_000);
  let server: TestPostgres;
  let store: EventStore;
  const positions: number[] = [];
  const tries: ('connection' | 'read')[] = [];

  before(async () => {
    server = await startTestPostgres();
    await migrate(server.url('postgres'));
  });
  beforeEach(() => {
    const databaseUrl = server.url('postgres');
    store = createEventStore({ databaseUrl, onConnectionError: () => tries.push('connection') });
  });
  afterEach(() => store.close());
  after(() => server?.stop());

  it('lets go of it also when it is not listening yet', async () => {
    await store.execute(command());
    const ending = server.pid();
    process.kill(ending, 'SIGTERM');
    await waitFor('the server takes no connection', () =>
      query(server.url('postgres'), 'SELECT 1').then(
        () => false,
        () => true,
      ),
    );
    store.subscribe(
      0,
      async () => {},
      () => {},
    );
    await waitFor('the server has ended', () => !existsSync(`/proc/${ending}`));
    await server.start();
  });

  it('lets go of it, and goes on with the next one', async () => {
    store.subscribe(
      0,
      async (events) => void positions.push(...events.map(({ position }) => position)),
      () => {},
    );
    await store.execute(command());
    await waitFor('what is there is delivered', () => positions.length > 0);
    const count = positions.length;
    const ending = server.pid();
    process.kill(ending, 'SIGTERM');
    await waitFor('the server has ended', () => !existsSync(`/proc/${ending}`));
    await server.start();
    await store.execute(command());
    await waitFor('the second event is delivered', () => positions.length > count);
  });

  it('tries a server that is away each second, and follows it when it is back', async () => {
    const count = positions.length;
    store.subscribe(
      positions.length,
      async (events) => void positions.push(...events.map(({ position }) => position)),
      () => tries.push('read'),
    );
    tries.length = 0;
    await server.kill();
    const areMany = (which: string) => tries.filter((one) => one === which).length >= TRIES;
    await waitFor('both were tried many times', () => areMany('read') && areMany('connection'), TRIES * 1_000);
    await server.start();
    await store.execute(command());
    await waitFor('the event is delivered', () => positions.length > count);
  });
});
