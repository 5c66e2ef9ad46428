import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '#apps/all-in-one/running-postgres.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { migrate } from '#migrations/index.js';
import { freePort } from '#test/support/ports.js';
import { findPgbench, PEER_TABLE, pgbenchRate } from './append/pgbench.js';
import { perSecond, ratio, replayRow } from './append/replay.js';
import { type BenchRow, median } from './report.js';

const WRITERS = 64;
const ROUNDS = 5;
const ROUND_SECONDS = 3;

interface Appended {
  readonly rate: number;
  readonly p99Ms: number;
}

/**
 * Durable appends, fsync on, by 64 writers of one event a command, against pgbench inserting the same row into a table
 * of the same layout; then the whole log read by a subscription, against SELECTs of 5,000 rows. In turns. Then the
 * chain of the log is verified.
 */
export default async function benchAppend(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gs-bench-append-'));
  chmodSync(folder, 0o755);
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    passwordFile: join(folder, 'password'),
    port: await freePort(),
    configuration: ['shared_buffers=256MB', 'max_wal_size=4GB'],
  });
  try {
    const databaseUrl = server.url('postgres');
    await migrate(databaseUrl);
    return await measure(databaseUrl, folder);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(databaseUrl: string, folder: string): Promise<readonly BenchRow[]> {
  const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
  const client = new Client({ connectionString: databaseUrl });
  try {
    await client.connect();
    await client.query(PEER_TABLE);
    return [
      await appendRow(store, findPgbench(), (pgbench) => pgbenchRate(pgbench, folder, databaseUrl, ROUND_SECONDS)),
      await replayRow(store, client, ROUNDS),
      await verifyRow(databaseUrl),
    ];
  } finally {
    await store.close();
    await client.end();
  }
}

async function appendRow(
  store: EventStore,
  pgbench: string | null,
  peerRate: (pgbench: string) => Promise<number>,
): Promise<BenchRow> {
  const ours: Appended[] = [];
  const peer: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const appended = await append(store);
    const peerAppended = pgbench === null ? Number.NaN : await peerRate(pgbench);
    // The first round is a warm-up for both.
    if (round === 0) continue;
    ours.push(appended);
    peer.push(peerAppended);
  }
  const rate = median(ours.map((round) => round.rate));
  const p99 = median(ours.map((round) => round.p99Ms)).toFixed(1);
  return {
    work: 'append: durable, 64 writers',
    budget: '3x pgbench -c32',
    measured: `${ratio(rate, median(peer))} (${perSecond(rate)}, p99 ${p99} ms)`,
    ...(pgbench === null ? {} : { met: rate >= 3 * median(peer) }),
    peer: pgbench === null ? 'pgbench is not installed: apt-get install postgresql-contrib' : perSecond(median(peer)),
  };
}

/** The whole log of the rounds above, as `audit verify` reads it. */
async function verifyRow(databaseUrl: string): Promise<BenchRow> {
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const startedAt = performance.now();
    const found = await verifyLog(databaseUrl);
    if (found.kind === 'broken') throw new Error(`the log of the bench is broken: ${found.detail}`);
    if (round > 0) rates.push((found.head.position / (performance.now() - startedAt)) * 1_000);
  }
  return {
    work: 'verify: the chain of the whole log',
    budget: '100,000 events/s',
    measured: perSecond(median(rates)),
    peer: '-',
  };
}

async function append(store: EventStore): Promise<Appended> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + ROUND_SECONDS * 1_000;
  const write = async (): Promise<void> => {
    const streamId = `network-${randomUUID()}`;
    for (let version = 0; performance.now() < endAt; version += 1) {
      const sentAt = performance.now();
      const commandId = randomUUID();
      await store.execute({
        commandId,
        actor: 'bench',
        requestHash: commandId,
        correlationId: commandId,
        causationId: null,
        streamId,
        expectedVersion: version,
        events: [
          {
            type: 'AliasPublished',
            schemaVersion: 1,
            data: { alias: 'api', sandboxId: 'sbx-api', ports: [{ published: 8080, target: 8080 }] },
          },
        ],
        claims: [],
        releases: [],
        result: { alias: 'api' },
      });
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  const elapsedMs = performance.now() - startedAt;
  latencies.sort((a, b) => a - b);
  return { rate: (latencies.length / elapsedMs) * 1_000, p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0 };
}
