import pg from 'pg';
import { DataSource } from 'typeorm';
import { poolConfig } from '#libs/event-store/connection.js';
import { EventLog1763900000000 } from './1763900000000-event-log.js';
import { AppliedLog1763900100000 } from './1763900100000-applied-log.js';
import { ControlPlane1763900200000 } from './1763900200000-control-plane.js';
import { MeshKeys1763900300000 } from './1763900300000-mesh-keys.js';
import { Epochs1763900400000 } from './1763900400000-epochs.js';
import { RefusedSandboxes1763900500000 } from './1763900500000-refused-sandboxes.js';
import { ClaimsFromReports1763900600000 } from './1763900600000-claims-from-reports.js';
import { ConsoleSessions1763900700000 } from './1763900700000-console-sessions.js';
import { JoinNetworks1763901000000 } from './1763901000000-join-networks.js';
import { SignedEpochs1763901100000 } from './1763901100000-signed-epochs.js';
import { NetworkCheckpoints1763901200000 } from './1763901200000-network-checkpoints.js';
import { LogStates1763901300000 } from './1763901300000-log-states.js';

/** Every migration in order. */
export const migrations = [
  EventLog1763900000000,
  AppliedLog1763900100000,
  ControlPlane1763900200000,
  MeshKeys1763900300000,
  Epochs1763900400000,
  RefusedSandboxes1763900500000,
  ClaimsFromReports1763900600000,
  ConsoleSessions1763900700000,
  JoinNetworks1763901000000,
  SignedEpochs1763901100000,
  NetworkCheckpoints1763901200000,
  LogStates1763901300000,
];

/** One migration may rewrite a large table. */
const ANSWER_WITHIN_MS = 3_600_000;

/** Two processes that start together run the migrations one after the other. */
const MIGRATION_LOCK = 4_711_002;

/** The names under which the database records them. */
export const migrationNames: readonly string[] = migrations.map((migration) => new migration().name);

/** Applies all migrations, or only the given ones, to the database at this URL. Errors: the database's. */
export async function migrate(databaseUrl: string, names = migrationNames): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    driver: pg,
    url: databaseUrl,
    migrations: migrations.filter((_, index) => names.includes(migrationNames[index] ?? '')),
    logging: false,
    poolSize: 2,
    extra: poolConfig(ANSWER_WITHIN_MS),
  });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await source.runMigrations({ transaction: 'all' });
  } finally {
    await lock.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`).catch(() => {});
    await lock.release();
    await source.destroy();
  }
}
