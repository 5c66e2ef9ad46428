import type { Client } from 'pg';
import { GENESIS_HASH } from '#libs/audit/hash-chain.js';
import {
  type BatchPlan,
  claimKey,
  commandKey,
  type EventRow,
  type KnownCommand,
  type LogState,
  type NewCommandRow,
  type PendingCommand,
} from './batch.js';
import { copyIn } from './copy-in.js';
import { printCopyLine } from './copy-text.js';
import { BEGIN_LOCKED, COPY_COMMANDS, COPY_EVENTS, notify, READ_STATE, RELEASE_CLAIM, TAKE_CLAIM } from './sql.js';

/** Begins a transaction, takes the append lock, and reads what the log holds about the commands. */
export async function beginAndReadState(client: Client, pending: readonly PendingCommand[]): Promise<LogState> {
  const writes = pending.map((command) => command.write);
  const streamIds = [...new Set(writes.map((write) => write.streamId))];
  const claims = writes.flatMap((write) => [...write.claims, ...write.releases]);
  await client.query(BEGIN_LOCKED);
  const { rows } = await client.query<Record<'head' | 'now' | 'versions' | 'commands' | 'claims', string | null>>({
    name: 'read-state',
    text: READ_STATE,
    values: [
      streamIds,
      writes.map((write) => write.actor),
      writes.map((write) => write.commandId),
      claims.map((claim) => claim.scope),
      claims.map((claim) => claim.value),
    ],
  });
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

/** Writes in the open transaction, or in one that it begins; all or nothing. */
export async function writeAndCommit(client: Client, plan: BatchPlan, transactionIsOpen: boolean): Promise<void> {
  for (const { claim, holder } of plan.claimChanges) {
    await (holder === null
      ? client.query({ name: 'release-claim', text: RELEASE_CLAIM, values: [claim.scope, claim.value] })
      : client.query({ name: 'take-claim', text: TAKE_CLAIM, values: [claim.scope, claim.value, holder] }));
  }
  const statements = transactionIsOpen ? [] : [BEGIN_LOCKED];
  const copied: string[] = [];
  if (plan.events.length > 0) {
    statements.push(COPY_EVENTS);
    copied.push(plan.events.map(eventLine).join(''));
  }
  statements.push(COPY_COMMANDS);
  copied.push(plan.commands.map((command) => commandLine(command, plan.recordedAt)).join(''));
  if (plan.events.length > 0) statements.push(notify(plan.headPosition));
  statements.push('COMMIT');
  const last = await copyIn(client, statements.join(';'), copied);
  if (last !== 'COMMIT') throw new Error('the database rolled the batch back');
}

/** Columns in the order of EVENT_COLUMNS. */
function eventLine(event: EventRow): string {
  return printCopyLine([
    event.position,
    event.streamId,
    event.streamVersion,
    event.type,
    event.schemaVersion,
    event.dataText,
    event.metadataText,
    event.actor,
    event.commandId,
    event.correlationId,
    event.causationId,
    event.recordedAt,
    event.previousHash,
    event.hash,
  ]);
}

/** Columns in the order of COPY_COMMANDS. */
function commandLine({ write, resultText, position, streamVersion }: NewCommandRow, recordedAt: string): string {
  return printCopyLine([
    write.actor,
    write.commandId,
    write.requestHash,
    resultText,
    write.streamId,
    streamVersion,
    position,
    write.events.length,
    recordedAt,
  ]);
}

/** Parses a JSON column; null if there was nothing to aggregate. */
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
