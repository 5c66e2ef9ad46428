import type { Client } from 'pg';
import { beginAndReadState, writeAndCommit } from './append-statements.js';
import { type BatchPlan, type PendingCommand, planBatch } from './batch.js';
import { clientConfig, connectClient, type OnDiskFull, RAW_TEXT } from './connection.js';
import { isDiskFull, isTransient, sqlState } from './database-errors.js';
import { dropClient } from './drop-client.js';
import type { CommandOutcome } from './event-store.js';
import { KnownLog } from './known-log.js';

/** A process that is stopped in the middle of a batch holds the append lock at most this long. */
const STALLED_BATCH_MS = 5_000;
const UNIQUE_VIOLATION = '23505';

/** The connection was lost during a commit: whether the batch was written is unknown. */
export class OutcomeUnknownError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * One connection that writes batches of commands, one transaction each. One round trip if the log's end is known from
 * the previous batch; otherwise two: lock and read, then write and commit.
 */
export class AppendConnection {
  private connecting: Promise<Client> | null = null;
  private readonly known: KnownLog;

  constructor(
    private readonly databaseUrl: string,
    private readonly answerWithinMs: number,
    private readonly onDiskFull: OnDiskFull,
    monotonicMs: () => number,
  ) {
    this.known = new KnownLog(monotonicMs);
  }

  /** Resolves when it is connected. Errors: the database's. */
  async open(): Promise<void> {
    await this.connected();
  }

  /**
   * Resolves with the answers in the order of the commands. Errors: OutcomeUnknownError if the connection was lost
   * during the commit; otherwise the database's, and nothing was written.
   */
  async append(pending: readonly PendingCommand[]): Promise<readonly (CommandOutcome | Error)[]> {
    const client = await this.connected();
    try {
      return (await this.appendToKnown(client, pending)) ?? (await this.readAndAppend(client, pending));
    } catch (error) {
      this.known.forget();
      if (isTransient(error) && !isDiskFull(error)) this.drop(client);
      else await client.query('ROLLBACK').catch(() => this.drop(client));
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = await this.connecting?.catch(() => null);
    this.connecting = null;
    if (client) await client.end();
  }

  /** null: not enough is known, or another process has appended since; nothing was written. */
  private async appendToKnown(
    client: Client,
    pending: readonly PendingCommand[],
  ): Promise<BatchPlan['answers'] | null> {
    const state = this.known.stateFor(pending);
    const plan = state === null ? null : planBatch(state, pending);
    // Without an event, no position could collide with another process's append; and an apparent conflict may be a
    // repeat.
    if (plan === null || plan.events.length === 0 || plan.answers.some((answer) => answer instanceof Error))
      return null;
    try {
      await commit(client, plan, false);
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      await client.query('ROLLBACK');
      return null;
    }
    this.known.advance(plan);
    return plan.answers;
  }

  private async readAndAppend(client: Client, pending: readonly PendingCommand[]): Promise<BatchPlan['answers']> {
    const state = await beginAndReadState(client, pending);
    this.known.learn(state);
    const plan = planBatch(state, pending);
    if (plan.commands.length === 0) {
      await client.query('ROLLBACK');
    } else {
      await commit(client, plan, true);
      this.known.advance(plan);
    }
    return plan.answers;
  }

  private connected(): Promise<Client> {
    this.connecting ??= this.connect();
    return this.connecting;
  }

  /** Does not wait for the connection to end: it has failed already. */
  private drop(client: Client): void {
    this.connecting = null;
    dropClient(client);
  }

  private connect(): Promise<Client> {
    const config = {
      ...clientConfig(this.databaseUrl, 'globalstacks append'),
      types: RAW_TEXT,
      query_timeout: this.answerWithinMs,
      onDiskFull: this.onDiskFull,
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
}

async function commit(client: Client, plan: BatchPlan, transactionIsOpen: boolean): Promise<void> {
  try {
    await writeAndCommit(client, plan, transactionIsOpen);
  } catch (error) {
    throw isTransient(error) && !isDiskFull(error) ? new OutcomeUnknownError(error) : error;
  }
}
