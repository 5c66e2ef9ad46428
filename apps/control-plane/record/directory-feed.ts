import { EventEmitter, once } from 'node:events';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Histogram } from 'prom-client';
import { CodedError } from '#libs/contracts/errors.js';
import type { EventStore, StoredEvent, Subscription } from '#libs/event-store/event-store.js';
import { Metrics } from '../foundation/metrics.js';
import { EVENT_STORE, LOGGER } from '../foundation/provided.js';
import { Directory, type DirectoryChange } from './directory.js';
import type { KeptLogState } from './log-states.js';
import { isQuarantined } from './network-record.js';
import { streamTitle } from './stream-title.js';
import { StreamUnreadableError } from './unreadable-event.js';

/** A million events take a quarter less time than by 1,000, and so many some twenty megabytes of memory. */
const READ_AT_ONCE = 10_000;
const LAG_BOUND_MS = 5_000;
const LAG_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** A written event is not in the read model yet. */
export class ReadModelBehindError extends CodedError {
  constructor() {
    super('STARTING', 'the control plane is still reading its log', 'try again in a moment');
  }
}

/** The last event of the log that the directory contains. */
export interface LogEnd {
  readonly position: number;
  /** null: there is no event yet. */
  readonly hash: string | null;
}

/** Keeps the directory up to date with the log, and notifies listeners of changes. */
@Injectable()
export class DirectoryFeed {
  private readonly moved = new EventEmitter().setMaxListeners(0);
  private readonly listeners: ((change: DirectoryChange) => void)[] = [];
  private readonly eventListeners: ((events: readonly StoredEvent[]) => void)[] = [];
  private readonly told = new Set<string>();
  private restored: KeptLogState | null = null;
  /** The position of the state that the directory began with; 0: it read the whole log. */
  begunAt = 0;
  private end: LogEnd = { position: 0, hash: null };
  private subscription: Subscription | null = null;
  private readonly lag: Histogram;

  constructor(
    readonly directory: Directory,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.lag = metrics.histogram(
      'gs_event_lag_seconds',
      'Time from the write of an event until queries show it and it is sent to agents',
      LAG_BUCKETS_SECONDS,
    );
    metrics.gauge('gs_log_position', 'Position in the log that queries show', () => directory.position);
    metrics.gauge(
      'gs_unreadable_streams',
      'Streams that hold an event of a newer release (STREAM_UNREADABLE)',
      () => directory.unreadableStreams.size,
    );
    metrics.gauge(
      'gs_quarantined_networks',
      'Networks that an admin cut off',
      () => directory.networks().filter(isQuarantined).length,
    );
  }

  /**
   * Resolves when the directory contains everything in the log; then continues with new events. `from`: what it begins
   * with, in the place of everything before.
   */
  async start(from: KeptLogState | null): Promise<void> {
    if (from !== null) this.restore(from);
    for (;;) {
      const events = await this.store.readAll(this.directory.position, READ_AT_ONCE);
      if (events.length === 0) break;
      this.directory.replay(events);
      this.end = endOf(events, this.end);
    }
    this.tellUnreadable();
    this.subscription = this.store.subscribe(
      this.directory.position,
      (events) => this.take(events),
      (error) => this.logger.warn({ err: error }, 'the log could not be read; trying again'),
    );
  }

  /** Hands over the state that the directory began with, and forgets it. null: the directory read the whole log. */
  takeRestored(): KeptLogState | null {
    const { restored } = this;
    this.restored = null;
    return restored;
  }

  get isFollowing(): boolean {
    return this.subscription !== null;
  }

  get logEnd(): LogEnd {
    return this.end;
  }

  /** Calls the listener with each batch of events once the directory contains it. */
  onEvents(listener: (events: readonly StoredEvent[]) => void): void {
    this.eventListeners.push(listener);
  }

  onChange(listener: (change: DirectoryChange) => void): void {
    this.listeners.push(listener);
  }

  /** Resolves when the directory has reached this position, so that every query sees what a command wrote. */
  async reached(position: number): Promise<void> {
    const signal = AbortSignal.timeout(LAG_BOUND_MS);
    while (this.directory.position < position) {
      await once(this.moved, 'moved', { signal }).catch(() => {
        throw new ReadModelBehindError();
      });
    }
  }

  async close(): Promise<void> {
    await this.subscription?.close();
  }

  private restore(from: KeptLogState): void {
    const { state, position, hash } = from;
    this.restored = from;
    this.directory.restore(state, position);
    this.end = { position, hash };
    this.begunAt = position;
    this.logger.info({ position }, 'the log was taken up from its kept state');
  }

  private async take(events: readonly StoredEvent[]): Promise<void> {
    const change = this.directory.apply(events);
    const now = Date.now();
    for (const { recordedAt } of events) this.lag.observe(Math.max(0, now - Date.parse(recordedAt)) / 1_000);
    this.end = endOf(events, this.end);
    this.tellUnreadable();
    this.moved.emit('moved');
    const tasks = [
      ...this.listeners.map((listener) => () => listener(change)),
      ...this.eventListeners.map((listener) => () => listener(events)),
    ];
    for (const task of tasks) {
      try {
        task();
      } catch (error) {
        this.logger.error(
          { err: error },
          'a change in the log could not be passed on to all parts of the control plane',
        );
      }
    }
  }

  /** Reports each stream once. */
  private tellUnreadable(): void {
    for (const [streamId, event] of this.directory.unreadableStreams) {
      if (this.told.has(streamId)) continue;
      this.told.add(streamId);
      const { message } = new StreamUnreadableError(streamTitle(streamId, this.directory), event);
      this.logger.error({ code: 'STREAM_UNREADABLE', ...event, message: undefined }, message);
    }
  }
}

function endOf(events: readonly StoredEvent[], before: LogEnd): LogEnd {
  const last = events.at(-1);
  return last === undefined || last.position <= before.position ? before : { position: last.position, hash: last.hash };
}
