import type { Client } from 'pg';
import { copyLines } from '#libs/event-store/copy-rows.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { type BenchRow, median } from '../report.js';

const SELECT_ROWS = 5_000;

/**
 * The whole log read by a subscription, in turns with SELECTs of 5,000 rows, which parse nothing of an event, and with
 * a COPY whose lines nobody parses. One more round warms up.
 */
export async function replayRow(store: EventStore, client: Client, roundCount: number): Promise<BenchRow> {
  const { rows } = await client.query<{ last: number }>('SELECT max(position)::int AS last FROM events');
  const last = rows[0]?.last ?? 0;
  const ours: number[] = [];
  const peer: number[] = [];
  const copy: number[] = [];
  for (let round = 0; round <= roundCount; round += 1) {
    const replayed = await eventsPerSecond(last, () => replay(store, last));
    const selected = await eventsPerSecond(last, () => selectAll(client));
    const copied = await eventsPerSecond(last, () =>
      copyLines(client, 'SELECT * FROM events ORDER BY position', () => {}),
    );
    if (round === 0) continue;
    ours.push(replayed);
    copy.push(copied);
    peer.push(selected);
  }
  return {
    work: `replay: ${last.toLocaleString('en')} events`,
    budget: '2x SELECT by 5,000',
    measured: `${ratio(median(ours), median(peer))} (${perSecond(median(ours))})`,
    met: median(ours) >= 2 * median(peer),
    peer: `${perSecond(median(peer))}; COPY ${perSecond(median(copy))}`,
  };
}

async function eventsPerSecond(events: number, read: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await read();
  return (events / (performance.now() - startedAt)) * 1_000;
}

async function replay(store: EventStore, last: number): Promise<void> {
  const done = Promise.withResolvers<void>();
  const subscription = store.subscribe(
    0,
    async (events) => {
      if ((events.at(-1)?.position ?? 0) >= last) done.resolve();
    },
    done.reject,
  );
  await done.promise;
  await subscription.close();
}

async function selectAll(client: Client): Promise<void> {
  let after = '0';
  for (;;) {
    const { rows } = await client.query<{ position: string }>(
      `SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT ${SELECT_ROWS}`,
      [after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.position;
  }
}

export const ratio = (ours: number, peer: number): string => `${(ours / peer).toFixed(2)}x`;
export const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en')}/s`;
