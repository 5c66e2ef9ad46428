import { setImmediate as othersRan, setTimeout as pause } from 'node:timers/promises';
import { type AppendConnection, OutcomeUnknownError } from './append-connection.js';
import { isDiskFull, isTransient } from './database-errors.js';
import { StoreClosedError, StoreFullError, StoreUnavailableError, WriteOutcomeUnknownError } from './errors.js';
import type { CommandOutcome, CommandWrite } from './event-store.js';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

interface Waiting {
  readonly write: CommandWrite;
  readonly deadline: number;
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: unknown) => void;
  uncertain: boolean;
}

/**
 * Commands that arrive during a commit form the next batch. A batch without an answer from the database is repeated:
 * what was written after all is found by its command row and answered, not written twice.
 */
export class GroupCommit {
  private queue: Waiting[] = [];
  private draining: Promise<void> | null = null;
  private closed = false;
  /**
   * Rejects queued commands that have waited too long. `drain` cannot, because it may be waiting for the database
   * itself.
   */
  private expiry: NodeJS.Timeout | null = null;
  private lastFailure: unknown = new Error('no answer yet');

  constructor(
    private readonly connection: AppendConnection,
    private readonly maxCommands: number,
    private readonly giveUpAfterMs: number,
  ) {}

  /**
   * Errors: those of planBatch, StoreUnavailableError, StoreFullError, WriteOutcomeUnknownError, StoreClosedError, and
   * the database's for this command alone.
   */
  add(write: CommandWrite): Promise<CommandOutcome> {
    if (this.closed) return Promise.reject(new StoreClosedError());
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.giveUpAfterMs;
      this.queue.push({ write, deadline, resolve, reject, uncertain: false });
      this.draining ??= this.drain();
      this.expireLater();
    });
  }

  /** Takes no more commands, and waits for those taken. */
  async close(): Promise<void> {
    this.closed = true;
    await this.draining;
    if (this.expiry !== null) clearTimeout(this.expiry);
    await this.connection.close();
  }

  private async drain(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    // Callers that were just answered can send their next command before the next batch is formed.
    for (await othersRan(); this.queue.length > 0; await othersRan()) {
      // Without a connection, commands stay in the queue, where they can time out.
      const failure = (await this.connect()) ?? (await this.commit(this.queue.splice(0, this.maxCommands)));
      if (failure === null) {
        pauseMs = FIRST_PAUSE_MS;
        continue;
      }
      this.lastFailure = failure;
      this.rejectExpired();
      await pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    this.draining = null;
  }

  /**
   * Returns why the database cannot be connected to; null: it is connected, or the waiting commands were told that it
   * refused.
   */
  private async connect(): Promise<unknown> {
    try {
      await this.connection.open();
    } catch (error) {
      if (isTransient(error)) return error;
      for (const { reject } of this.queue.splice(0)) reject(error);
    }
    return null;
  }

  /** Settles every command of the batch, or puts all back and returns why the database did not answer. */
  private async commit(batch: Waiting[]): Promise<unknown> {
    if (batch.length === 0) return null;
    try {
      const answers = await this.connection.append(batch);
      batch.forEach((waiting, index) => {
        const answer = answers[index];
        if (answer === undefined || answer instanceof Error) waiting.reject(answer);
        else waiting.resolve(answer);
      });
      return null;
    } catch (error) {
      if (isDiskFull(error)) {
        // A repeat would fail too until somebody makes room.
        for (const { write, uncertain, reject } of batch) {
          reject(uncertain ? new WriteOutcomeUnknownError(write.commandId, error) : new StoreFullError(error));
        }
        return null;
      }
      if (isTransient(error)) {
        if (error instanceof OutcomeUnknownError) for (const waiting of batch) waiting.uncertain = true;
        this.queue.unshift(...batch);
        return error;
      }
      if (batch.length > 1) return this.commitEachAlone(batch);
      batch[0]?.reject(error);
      return null;
    }
  }

  /** The database refused something in the batch: only the command that caused it fails. */
  private async commitEachAlone(batch: readonly Waiting[]): Promise<unknown> {
    for (const [index, waiting] of batch.entries()) {
      const failure = await this.commit([waiting]);
      if (failure === null) continue;
      this.queue.splice(1, 0, ...batch.slice(index + 1));
      return failure;
    }
    return null;
  }

  private expireLater(): void {
    const next = this.queue[0];
    if (this.expiry !== null || next === undefined) return;
    const look = (): void => {
      this.expiry = null;
      this.rejectExpired();
      this.expireLater();
    };
    this.expiry = setTimeout(look, Math.max(next.deadline - performance.now(), 0) + 1);
  }

  private rejectExpired(): void {
    const cause = this.lastFailure;
    const now = performance.now();
    const expired = this.queue.filter((waiting) => this.closed || waiting.deadline <= now);
    this.queue = this.queue.filter((waiting) => !expired.includes(waiting));
    for (const { write, uncertain, reject } of expired) {
      reject(uncertain ? new WriteOutcomeUnknownError(write.commandId, cause) : new StoreUnavailableError(cause));
    }
  }
}
