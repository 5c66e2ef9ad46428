import type { Client } from 'pg';
import {
  type BatchPlan,
  claimKey,
  commandKey,
  type KnownCommand,
  type LogState,
  type PendingCommand,
  planBatch,
} from './batch.js';
import { clientConfig, connectClient, dropClient, RAW_TEXT } from './connection.js';
import type { CommandOutcome } from './event-store.js';
import { GENESIS_HASH } from './hash-chain.js';
import { APPEND_LOCK, CHANNEL, INSERT_COMMANDS, INSERT_EVENTS, READ_STATE, RELEASE_CLAIM, TAKE_CLAIM } from './sql.js';

/** A process stopped in the middle of a batch holds the append lock of all others for no longer than this. */
const STALLED_BATCH_MS = 5_000;
const QUERY_TIMEOUT_MS = 10_000;

/**
 * One connection that writes batches of commands, each in one transaction and two round trips: lock and read, then
 * write and commit.
 */
export class AppendConnection {
  private connecting: Promise<Client> | null = null;

  constructor(private readonly databaseUrl: string) {}

  /**
   * Answers in the order of the commands. beforeCommit is called once the outcome of the commands given to it can no
   * longer be told from a lost connection. Errors: the database's; nothing is known to be written then.
   */
  async append(
    pending: readonly PendingCommand[],
    beforeCommit: () => void,
  ): Promise<readonly (CommandOutcome | Error)[]> {
    const client = await this.connected();
    try {
      const plan = planBatch(await readState(client, pending), pending);
      if (plan.commands.length === 0) {
        await client.query('ROLLBACK');
      } else {
        beforeCommit();
        await writeAndCommit(client, plan);
      }
      return plan.answers;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => this.drop(client));
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = await this.connecting?.catch(() => null);
    this.connecting = null;
    if (client) await client.end();
  }

  private connected(): Promise<Client> {
    this.connecting ??= this.connect();
    return this.connecting;
  }

  private connect(): Promise<Client> {
    const config = {
      ...clientConfig(this.databaseUrl, 'globalstacks append'),
      pipeline: true,
      types: RAW_TEXT,
      query_timeout: QUERY_TIMEOUT_MS,
      lock_timeout: STALLED_BATCH_MS,
      idle_in_transaction_session_timeout: STALLED_BATCH_MS,
    };
    const forget = (): void => {
      if (this.connecting === connecting) this.connecting = null;
    };
    const connecting = connectClient(config, forget);
    connecting.catch(forget);
    return connecting;
  }

  private drop(client: Client): void {
    this.connecting = null;
    dropClient(client);
  }
}

async function readState(client: Client, pending: readonly PendingCommand[]): Promise<LogState> {
  const writes = pending.map((command) => command.write);
  const streamIds = [...new Set(writes.map((write) => write.streamId))];
  const claims = writes.flatMap((write) => [...write.claims, ...write.releases]);
  const [, , { rows }] = await Promise.all([
    client.query('BEGIN'),
    client.query(`SELECT pg_advisory_xact_lock(${APPEND_LOCK})`),
    client.query<Record<'head' | 'now' | 'versions' | 'commands' | 'claims', string | null>>({
      name: 'read-state',
      text: READ_STATE,
      values: [
        streamIds,
        writes.map((write) => write.actor),
        writes.map((write) => write.commandId),
        claims.map((claim) => claim.scope),
        claims.map((claim) => claim.value),
      ],
    }),
  ]);
  const row = rows[0];
  if (row === undefined) throw new Error('the state of the log could not be read');
  const head = row.head === null ? null : (JSON.parse(row.head) as { position: number; hash: string });
  const versions = JSON.parse(row.versions ?? '[]') as readonly number[];
  const commands = JSON.parse(row.commands ?? '[]') as readonly (KnownCommand | null)[];
  const holders = JSON.parse(row.claims ?? '[]') as readonly (string | null)[];
  return {
    headPosition: head?.position ?? 0,
    headHash: head?.hash ?? GENESIS_HASH,
    now: row.now ?? '',
    streamVersions: new Map(streamIds.map((id, index) => [id, versions[index] ?? 0])),
    commands: known(
      writes.map((write) => commandKey(write.actor, write.commandId)),
      commands,
    ),
    claims: known(claims.map(claimKey), holders),
  };
}

function known<T>(keys: readonly string[], values: readonly (T | null)[]): ReadonlyMap<string, T> {
  return new Map(
    keys.flatMap((key, index) => {
      const value = values[index] ?? null;
      return value === null ? [] : [[key, value] as const];
    }),
  );
}

async function writeAndCommit(client: Client, plan: BatchPlan): Promise<void> {
  const { events, commands } = plan;
  const statements: Promise<unknown>[] = [];
  if (events.length > 0) {
    statements.push(
      client.query({
        name: 'insert-events',
        text: INSERT_EVENTS,
        values: [
          events.map((event) => event.position),
          events.map((event) => event.streamId),
          events.map((event) => event.streamVersion),
          events.map((event) => event.type),
          events.map((event) => event.schemaVersion),
          events.map((event) => event.dataText),
          events.map((event) => event.metadataText),
          events.map((event) => event.actor),
          events.map((event) => event.commandId),
          events.map((event) => event.correlationId),
          events.map((event) => event.causationId),
          events.map((event) => event.recordedAt),
          events.map((event) => event.previousHash),
          events.map((event) => event.hash),
        ],
      }),
      client.query({ name: 'notify', text: 'SELECT pg_notify($1, $2)', values: [CHANNEL, String(plan.headPosition)] }),
    );
  }
  statements.push(
    client.query({
      name: 'insert-commands',
      text: INSERT_COMMANDS,
      values: [
        commands.map(({ write }) => write.actor),
        commands.map(({ write }) => write.commandId),
        commands.map(({ write }) => write.requestHash),
        commands.map(({ resultText }) => resultText),
        commands.map(({ write }) => write.streamId),
        commands.map(({ streamVersion }) => streamVersion),
        commands.map(({ position }) => position),
        commands.map(({ write }) => write.events.length),
        plan.recordedAt,
      ],
    }),
  );
  for (const { claim, holder } of plan.claimChanges) {
    statements.push(
      holder === null
        ? client.query({ name: 'release-claim', text: RELEASE_CLAIM, values: [claim.scope, claim.value] })
        : client.query({ name: 'take-claim', text: TAKE_CLAIM, values: [claim.scope, claim.value, holder] }),
    );
  }
  const commit = client.query('COMMIT');
  await Promise.all([...statements, commit]);
  if ((await commit).command !== 'COMMIT') throw new Error('the database rolled the batch back');
}
