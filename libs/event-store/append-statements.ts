import type { Client } from 'pg';
import {
  type BatchPlan,
  claimKey,
  commandKey,
  type KnownCommand,
  type LogState,
  type PendingCommand,
} from './batch.js';
import { GENESIS_HASH } from './hash-chain.js';
import { BEGIN_LOCKED, CHANNEL, INSERT_COMMANDS, INSERT_EVENTS, READ_STATE, RELEASE_CLAIM, TAKE_CLAIM } from './sql.js';

/** Begins a transaction, takes the append lock, and reads what the log holds about the commands. */
export async function beginAndReadState(client: Client, pending: readonly PendingCommand[]): Promise<LogState> {
  const writes = pending.map((command) => command.write);
  const streamIds = [...new Set(writes.map((write) => write.streamId))];
  const claims = writes.flatMap((write) => [...write.claims, ...write.releases]);
  const [, { rows }] = await Promise.all([
    client.query(BEGIN_LOCKED),
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
  const head = parseColumn<{ position: number; hash: string; recordedAt: string } | null>(row.head, null);
  const versions = parseColumn<readonly number[]>(row.versions, []);
  const commands = parseColumn<readonly (KnownCommand | null)[]>(row.commands, []);
  const holders = parseColumn<readonly (string | null)[]>(row.claims, []);
  return {
    headPosition: head?.position ?? 0,
    headHash: head?.hash ?? GENESIS_HASH,
    headRecordedAt: head?.recordedAt ?? '',
    now: row.now ?? '',
    streamVersions: new Map(streamIds.map((id, index) => [id, versions[index] ?? 0])),
    commands: present(
      writes.map((write) => commandKey(write.actor, write.commandId)),
      commands,
    ),
    claims: present(claims.map(claimKey), holders),
  };
}

/** In the transaction begun before, or in one that it begins itself; all or nothing. */
export async function writeAndCommit(client: Client, plan: BatchPlan, transactionIsOpen: boolean): Promise<void> {
  const statements: Promise<unknown>[] = transactionIsOpen ? [] : [client.query(BEGIN_LOCKED)];
  if (plan.events.length > 0) {
    statements.push(
      client.query({ name: 'insert-events', text: INSERT_EVENTS, values: eventColumns(plan) }),
      client.query({ name: 'notify', text: 'SELECT pg_notify($1, $2)', values: [CHANNEL, String(plan.headPosition)] }),
    );
  }
  statements.push(client.query({ name: 'insert-commands', text: INSERT_COMMANDS, values: commandColumns(plan) }));
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

function eventColumns({ events }: BatchPlan): unknown[] {
  return [
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
  ];
}

function commandColumns({ commands, recordedAt }: BatchPlan): unknown[] {
  return [
    commands.map(({ write }) => write.actor),
    commands.map(({ write }) => write.commandId),
    commands.map(({ write }) => write.requestHash),
    commands.map(({ resultText }) => resultText),
    commands.map(({ write }) => write.streamId),
    commands.map(({ streamVersion }) => streamVersion),
    commands.map(({ position }) => position),
    commands.map(({ write }) => write.events.length),
    recordedAt,
  ];
}

/** A column that the server built as JSON; null where there was nothing to aggregate. */
function parseColumn<T>(text: string | null, otherwise: T): T {
  return text === null ? otherwise : (JSON.parse(text) as T);
}

function present<T>(keys: readonly string[], values: readonly (T | null)[]): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [index, key] of keys.entries()) {
    const value = values[index] ?? null;
    if (value !== null) found.set(key, value);
  }
  return found;
}
