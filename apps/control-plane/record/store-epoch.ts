import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { SignedHead } from '#libs/audit/signed-head.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { CodedError } from '#libs/contracts/errors.js';

/** How soon an epoch that another process started is noticed. */
const LOOK_EVERY_MS = 2_000;

/** The epoch was not started, because another one has been started meanwhile. */
export class EpochMovedError extends CodedError {}

/**
 * The store's current epoch: the highest that was started. It is read repeatedly, because a restore or another process
 * may start one while this process runs.
 */
export class StoreEpoch {
  private readonly listeners: (() => void)[] = [];
  private looking: NodeJS.Timeout | null = null;

  private constructor(
    private readonly database: DataSource,
    private readonly logger: Logger,
    private present: StartedEpoch,
  ) {}

  static async open(database: DataSource, logger: Logger): Promise<StoreEpoch> {
    return new StoreEpoch(database, logger, await readEpoch(database));
  }

  get current(): Epoch {
    return this.present.epoch;
  }

  /** The end of the log that the present epoch is said to have begun with, as it stands in the database. */
  get begunWith(): string | null {
    return this.present.signedHead;
  }

  /** Calls the listener after each change of the epoch. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  start(): void {
    this.looking = setInterval(() => {
      this.look().catch((error: unknown) =>
        this.logger.debug({ err: error }, "the store's epoch could not be read; trying again"),
      );
    }, LOOK_EVERY_MS);
    this.looking.unref();
  }

  close(): void {
    if (this.looking !== null) clearInterval(this.looking);
  }

  /**
   * Starts an epoch that follows `before` and everything up to `above`; `headOf` signs the end of the log that it
   * begins with. Error: EpochMovedError (`EPOCH_MOVED`), when the present epoch is another one than `before`; nothing
   * is written then.
   */
  async begin(before: number, above: number, startedBy: string, headOf: (epoch: Epoch) => SignedHead): Promise<Epoch> {
    const next: Epoch = { counter: Math.max(before, above) + 1, id: randomUUID() };
    const rows: unknown[] = await this.database.query(
      `INSERT INTO store_epochs (counter, id, started_by, signed_head)
       SELECT $1, $2, $4, $5 WHERE (SELECT max(counter) FROM store_epochs) = $3
       ON CONFLICT DO NOTHING RETURNING counter`,
      [next.counter, next.id, before, startedBy, JSON.stringify(headOf(next))],
    );
    await this.look();
    if (rows.length === 0) {
      throw new EpochMovedError(
        'EPOCH_MOVED',
        `the store is at epoch ${this.current.counter}, not at ${before}: somebody has started a new epoch meanwhile`,
        'gstacks admin new-epoch',
      );
    }
    return this.current;
  }

  private async look(): Promise<void> {
    const found = await readEpoch(this.database);
    const { counter, id } = found.epoch;
    if (counter === this.current.counter && id === this.current.id) return;
    this.logger.warn({ from: this.current, to: found.epoch }, 'the store has a new epoch');
    this.present = found;
    for (const listener of this.listeners) listener();
  }
}

interface StartedEpoch {
  readonly epoch: Epoch;
  readonly signedHead: string | null;
}

async function readEpoch(database: DataSource): Promise<StartedEpoch> {
  const rows: (Epoch & { readonly signed_head: string | null })[] = await database.query(
    'SELECT counter, id, signed_head FROM store_epochs ORDER BY counter DESC LIMIT 1',
  );
  const [row] = rows;
  if (row === undefined) throw new CodedError('EPOCH_MISSING', 'the store has no epoch', 'run its migrations');
  return { epoch: { counter: row.counter, id: row.id }, signedHead: row.signed_head };
}
