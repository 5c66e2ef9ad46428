import { expect } from 'chai';
import type { EventStore, Subscription } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { command } from '#test/support/commands.js';
import { drawPositionsFromSequence, NaiveWriter } from '#test/support/naive-writer.js';
import { freshDatabase, query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';

const WRITERS = 16;
const COMMANDS_EACH = 100;

describe('a reader beside concurrent writers', () => {
  const opened: { close(): Promise<unknown> }[] = [];

  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close();
  });

  function open(databaseUrl: string): EventStore {
    const store = createEventStore({ databaseUrl, pollIntervalMs: 5, onConnectionError: () => {} });
    opened.push(store);
    return store;
  }

  function follow(store: EventStore): { readonly seen: string[]; readonly subscription: Subscription } {
    const seen: string[] = [];
    const subscription = store.subscribe(
      0,
      async (events) => {
        seen.push(...events.map((event) => event.streamId));
      },
      () => {},
    );
    return { seen, subscription };
  }

  async function streamsIn(databaseUrl: string): Promise<string[]> {
    const rows = await query(databaseUrl, 'SELECT stream_id FROM events ORDER BY position');
    return rows.map((row) => String(row.stream_id));
  }

  it('misses nothing of 16 writers of ours, and one event of a writer without the lock', async () => {
    const ours = await freshDatabase();
    const reader = follow(open(ours));
    // A store and a connection each, like separate processes.
    const stores = Array.from({ length: WRITERS }, () => open(ours));
    await Promise.all(
      stores.map(async (store) => {
        for (let n = 0; n < COMMANDS_EACH; n += 1) await store.execute(command());
      }),
    );
    await waitFor('the reader has read to the end', () => reader.seen.length >= WRITERS * COMMANDS_EACH);
    expect(reader.seen).to.deep.equal(await streamsIn(ours));
    expect(await verifyLog(ours)).to.have.property('kind', 'intact');

    const naive = await freshDatabase();
    await drawPositionsFromSequence(naive);
    const naiveReader = follow(open(naive));
    const slow = await NaiveWriter.begin(naive);
    await slow.insert('slow');
    const quick = await NaiveWriter.begin(naive);
    await quick.insert('quick');
    await quick.commit();
    await waitFor('the reader has read the event that was committed first', () => naiveReader.seen.length === 1);
    await slow.commit();
    const last = await NaiveWriter.begin(naive);
    await last.insert('last');
    await last.commit();
    await waitFor('the reader has read the last event', () => naiveReader.seen.includes('last'));
    expect(await streamsIn(naive)).to.deep.equal(['slow', 'quick', 'last']);
    expect(naiveReader.seen).to.deep.equal(['quick', 'last']);
  });

  it('waits for a writer that holds the lock, instead of overtaking it', async () => {
    const databaseUrl = await freshDatabase();
    const store = open(databaseUrl);
    const reader = follow(store);
    await store.execute(command({ streamId: 'before' }));
    await drawPositionsFromSequence(databaseUrl);
    await query(databaseUrl, `SELECT setval('naive_position', 1)`);
    const holder = await NaiveWriter.begin(databaseUrl);
    await holder.lock();
    await holder.insert('held');
    const overtaking = store.execute(command({ streamId: 'after' }));
    await waitFor('the store waits for the lock', async () => {
      const waiting = await query(databaseUrl, `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
      return waiting.length === 1;
    });
    await holder.commit();
    expect(await overtaking).to.include({ position: 3 });
    await waitFor('the reader has read to the end', () => reader.seen.length === 3);
    expect(reader.seen).to.deep.equal(['before', 'held', 'after']);
  });
});
