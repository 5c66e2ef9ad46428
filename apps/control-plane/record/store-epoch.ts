import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { CodedError } from '#libs/contracts/errors.js';

/** How soon an epoch that another process started is followed here. */
const LOOK_EVERY_MS = 2_000;

/** The epoch was not started: another one is the present one by now. */
export class EpochMovedError extends CodedError {}

/**
 * The store's present epoch: the highest that was started. It is read again and again, because a restore, or another
 * process, may start one while this process runs.
 */
export class StoreEpoch {
  private readonly listeners: (() => void)[] = [];
  private looking: NodeJS.Timeout | null = null;

  private constructor(
    private readonly database: DataSource,
    private readonly logger: Logger,
    private present: Epoch,
  ) {}

  static async open(database: DataSource, logger: Logger): Promise<StoreEpoch> {
    return new StoreEpoch(database, logger, await readEpoch(database));
  }

  get current(): Epoch {
    return this.present;
  }

  /** Called after each change of the epoch. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  start(): void {
    this.looking = setInterval(() => {
      this.look().catch((error: unknown) => this.logger.debug({ err: error }, 'the store epoch was not read'));
    }, LOOK_EVERY_MS);
    this.looking.unref();
  }

  close(): void {
    if (this.looking !== null) clearInterval(this.looking);
  }

  /**
   * Starts an epoch that follows `before` and everything up to `above`. Error: EpochMovedError (`EPOCH_MOVED`), when
   * the present epoch is another one than `before`; nothing is written then.
   */
  async begin(before: number, above: number, startedBy: string): Promise<Epoch> {
    const counter = Math.max(before, above) + 1;
    const rows: unknown[] = await this.database.query(
      `INSERT INTO store_epochs (counter, id, started_by)
       SELECT $1, gen_random_uuid()::text, $3 WHERE (SELECT max(counter) FROM store_epochs) = $2
       ON CONFLICT DO NOTHING RETURNING counter`,
      [counter, before, startedBy],
    );
    await this.look();
    if (rows.length === 0) {
      throw new EpochMovedError(
        'EPOCH_MOVED',
        `the store is at epoch ${this.present.counter}, not at ${before}: somebody started one meanwhile`,
        'gstacks admin new-epoch',
      );
    }
    return this.present;
  }

  private async look(): Promise<void> {
    const found = await readEpoch(this.database);
    if (found.counter === this.present.counter && found.id === this.present.id) return;
    this.logger.warn({ from: this.present, to: found }, 'the store has a new epoch');
    this.present = found;
    for (const listener of this.listeners) listener();
  }
}

async function readEpoch(database: DataSource): Promise<Epoch> {
  const rows: Epoch[] = await database.query('SELECT counter, id FROM store_epochs ORDER BY counter DESC LIMIT 1');
  const [epoch] = rows;
  if (epoch === undefined) throw new CodedError('EPOCH_MISSING', 'the store has no epoch', 'run its migrations');
  return { counter: epoch.counter, id: epoch.id };
}
