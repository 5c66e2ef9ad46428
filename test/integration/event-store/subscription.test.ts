import { expect } from 'chai';
import type { EventStore } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { command } from '#test/support/commands.js';
import { drawPositionsFromSequence, NaiveWriter } from '#test/support/naive-writer.js';
import { freshDatabase, query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';

const NEVER_MS = 3_600_000;

describe('subscribing to the log', () => {
  let databaseUrl: string;
  let store: EventStore;
  let positions: number[];
  let errors: unknown[];

  async function open(pollIntervalMs: number): Promise<void> {
    store = createEventStore({ databaseUrl, pollIntervalMs, subscriptionBatchSize: 4, onConnectionError: () => {} });
  }

  function subscribe(after = 0) {
    return store.subscribe(
      after,
      async (events) => {
        positions.push(...events.map((event) => event.position));
      },
      (error) => errors.push(error),
    );
  }

  const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const listening = () =>
    waitFor('the store listens', async () => {
      const rows = await query(databaseUrl, LISTENERS);
      return rows.length === 1;
    });
  const LISTENERS = `SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'LISTEN %' AND state = 'idle'`;

  beforeEach(async () => {
    databaseUrl = await freshDatabase();
    positions = [];
    errors = [];
  });

  afterEach(() => store.close());

  it('delivers what is there, then what comes, in order and from the position asked for', async () => {
    await open(NEVER_MS);
    for (let n = 0; n < 10; n += 1) await store.execute(command());
    subscribe(3);
    await waitFor('the past is delivered', () => positions.length === 7);
    for (let n = 0; n < 10; n += 1) await store.execute(command());
    await waitFor('the present is delivered', () => positions.length === 17);
    expect(positions).to.deep.equal(upTo(20, 4));
    expect(errors).to.deep.equal([]);
  });

  it('is woken by a notification, long before it would look by itself', async () => {
    await open(NEVER_MS);
    subscribe();
    await listening();
    const other = createEventStore({ databaseUrl, onConnectionError: () => {} });
    await other.execute(command());
    await other.close();
    await waitFor('the event of another process is delivered', () => positions.length === 1, 5_000);
  });

  it('looks by itself when no notification comes', async () => {
    await open(100);
    subscribe();
    await listening();
    await drawPositionsFromSequence(databaseUrl);
    const silent = await NaiveWriter.begin(databaseUrl);
    await silent.insert('unannounced');
    await silent.commit();
    await waitFor('the event is delivered without a notification', () => positions.length === 1, 5_000);
  });

  it('listens again after its connection was lost', async () => {
    await open(NEVER_MS);
    subscribe();
    await listening();
    const [listener] = await query(databaseUrl, LISTENERS);
    await query(databaseUrl, 'SELECT pg_terminate_backend($1)', [listener?.pid]);
    await waitFor('the connection is gone', async () => {
      const rows = await query(databaseUrl, 'SELECT 1 FROM pg_stat_activity WHERE pid = $1', [listener?.pid]);
      return rows.length === 0;
    });
    await store.execute(command());
    await waitFor('the event is delivered', () => positions.length === 1, 5_000);
    await listening();
    await store.execute(command());
    await waitFor('the next event is delivered', () => positions.length === 2, 5_000);
  });

  it('hands a batch over again until its handler succeeds', async () => {
    await open(NEVER_MS);
    let failures = 0;
    for (let n = 0; n < 6; n += 1) await store.execute(command());
    store.subscribe(
      0,
      async (events) => {
        if (events[0]?.position === 5 && failures < 3) {
          failures += 1;
          throw new Error(`failure ${failures}`);
        }
        positions.push(...events.map((event) => event.position));
      },
      (error) => errors.push(error),
    );
    await waitFor('everything is delivered', () => positions.length === 6);
    expect(positions).to.deep.equal(upTo(6));
    expect(errors.map((error) => (error as Error).message)).to.deep.equal(['failure 1', 'failure 2', 'failure 3']);
  });

  it('ends after the handler that is running, and delivers no more', async () => {
    await open(NEVER_MS);
    const handler = Promise.withResolvers<void>();
    const subscription = store.subscribe(
      0,
      async (events) => {
        positions.push(...events.map((event) => event.position));
        await handler.promise;
      },
      (error) => errors.push(error),
    );
    for (let n = 0; n < 6; n += 1) await store.execute(command());
    await waitFor('the first batch is with the handler', () => positions.length > 0);
    const delivered = positions.length;
    let ended = false;
    const closing = subscription.close().then(() => {
      ended = true;
    });
    await store.execute(command());
    expect(ended).to.equal(false);
    handler.resolve();
    await closing;
    expect(positions).to.have.length(delivered);
  });
});
