import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { Occurrences } from '#libs/async/occurrences.js';
import type { BusFault } from '#libs/bus/bus.js';
import { ReplyOutsideInboxError } from '#libs/bus/errors.js';
import { Metrics } from './metrics.js';
import { LOGGER } from './provided.js';

const TOLD_EACH = 5;
const SUMMARY_EVERY_MS = 60_000;

/** Counts bus messages that were dropped or refused, and logs the first few of each subject per minute. */
@Injectable()
export class BusFaults {
  private readonly faults: Counter<'kind'>;
  private readonly log: Occurrences;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.faults = metrics.counter('gs_bus_faults_total', 'Messages on the bus that were dropped as invalid, by kind', [
      'kind',
    ]);
    this.log = new Occurrences({
      toldEach: TOLD_EACH,
      periodMs: SUMMARY_EVERY_MS,
      summarise: (name, count) => logger.warn({ count }, `${name}: more bus messages were dropped in the last minute`),
    });
  }

  take({ kind, subject, detail }: BusFault): void {
    this.faults.inc({ kind });
    if (!this.log.add(`${kind} ${subject}`)) return;
    const known = detail instanceof ReplyOutsideInboxError ? { code: detail.code, detail: detail.message } : {};
    this.logger.warn({ kind, subject, ...known }, 'a bus message was dropped');
  }

  /** Logs the counts that were not logged yet. */
  close(): void {
    this.log.end();
  }
}
