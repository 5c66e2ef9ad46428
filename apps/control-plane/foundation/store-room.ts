import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { StoreFullError } from '#libs/event-store/errors.js';
import { LOGGER } from './provided.js';

const LOOK_EVERY_MS = 2_000;

/** Writes much more than a command needs, and removes it when the statement ends. */
const TAKE_ROOM = `
  CREATE TEMPORARY TABLE room ON COMMIT DROP AS
  SELECT n, md5(n::text) AS filler FROM generate_series(1, 4000) AS numbers(n)`;

/**
 * Whether the database has room to write. Postgres reports a full disk at a write but never reports room again, so it
 * is asked until there is some.
 */
@Injectable()
export class StoreRoom {
  private fault: StoreFullError | null = null;
  private looking: NodeJS.Timeout | null = null;
  private ask: ((statement: string) => Promise<unknown>) | null = null;
  private closed = false;

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** null: there is room, as far as known. */
  get full(): StoreFullError | null {
    return this.fault;
  }

  /** `ask`: executes a statement. */
  start(ask: (statement: string) => Promise<unknown>): void {
    this.ask = ask;
    if (this.fault !== null) this.lookLater();
  }

  /** A write was refused because the disk is full. */
  ranOut(error: unknown): void {
    if (this.fault !== null) return;
    this.fault = new StoreFullError(error);
    const { code, message, remedy } = this.fault;
    this.logger.error({ code, reason: message, remedy }, 'the disk of the database is full');
    this.lookLater();
  }

  close(): void {
    this.closed = true;
    if (this.looking !== null) clearTimeout(this.looking);
  }

  private lookLater(): void {
    if (this.closed || this.ask === null || this.looking !== null) return;
    this.looking = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  private async look(): Promise<void> {
    try {
      await this.ask?.(TAKE_ROOM);
      this.fault = null;
      this.logger.info('the disk of the database has space again');
    } catch {
      // Still full, or the database is away: the last known state stays.
    }
    this.looking = null;
    if (this.fault !== null) this.lookLater();
  }
}
