import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { HelloEventDto, ResyncReason } from '#libs/contracts/http/events.js';
import type { EventStore, StoredEvent } from '#libs/event-store/event-store.js';
import { Metrics } from '../foundation/metrics.js';
import { CLOCK, type Clock, EVENT_STORE, SETTINGS } from '../foundation/provided.js';
import { ServerClosing } from '../foundation/server-closing.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { EventStreamLimitError } from '../http/errors.js';
import { OpenAnswers } from '../http/open-answers.js';
import type { Principal } from '../http/request.js';
import { DirectoryFeed, type LogEnd } from '../record/directory-feed.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { EventStream } from './event-stream.js';
import { GatheredMessages } from './gathered-messages.js';
import { LogMessages } from './log-messages.js';
import { HEARTBEAT_SECONDS, PresentStates } from './present-states.js';
import { eventId, logMessage, parseEventId, type StreamMessage, streamMessage } from './stream-message.js';

/** Events that a returning reader is sent; one that has missed more has to ask for everything again. */
const MOST_MISSED = 1_000;

interface Missed {
  readonly resync: ResyncReason | null;
  readonly events: readonly StoredEvent[];
}

/** All readers of the stream of events. Each message is encoded once for all. */
@Injectable()
export class EventStreams {
  private readonly streams = new Set<EventStream>();
  private readonly toAll = new GatheredMessages((batch) => {
    for (const stream of this.streams) stream.take(batch);
  });
  private readonly slowEnds: Counter;

  constructor(
    private readonly feed: DirectoryFeed,
    private readonly messages: LogMessages,
    private readonly present: PresentStates,
    private readonly epoch: StoreEpoch,
    private readonly answers: OpenAnswers,
    private readonly closing: ServerClosing,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    metrics: Metrics,
  ) {
    metrics.gauge('gs_event_streams', 'Open streams of events', () => this.streams.size);
    this.slowEnds = metrics.counter(
      'gs_event_streams_ended_total',
      'Streams of events that were ended because their reader was too slow',
      [],
    );
  }

  start(): void {
    this.feed.onEvents((events) => this.takeEvents(events));
    this.epoch.onChange(() => this.toAll.take(this.resync('NEW_EPOCH')));
    this.closing.signal.addEventListener('abort', () => {
      this.toAll.flush();
      for (const stream of this.streams) stream.end();
    });
  }

  close(): void {
    this.present.stop();
  }

  /**
   * Writes the stream to a response from now on. `begin` sends its headers, once it is known that there is a stream.
   * Errors: EventStreamLimitError, and the store's if missed events cannot be read.
   */
  async open(response: ServerResponse, lastEventId: string, principal: Principal, begin: () => void): Promise<void> {
    // The reader left while its token was looked up. Its connection does not close again, so nothing would remove the
    // stream.
    if (response.destroyed) return;
    if (this.streams.size >= this.settings.eventStreams) throw new EventStreamLimitError(this.settings.eventStreams);
    const stream = new EventStream(response, () => this.slowEnds.inc());
    const forget = this.answers.add({ principal, end: () => stream.end() });
    const remove = () => {
      forget();
      this.streams.delete(stream);
      if (this.streams.size === 0) this.present.stop();
    };
    response.once('close', remove);
    this.streams.add(stream);
    if (this.streams.size === 1) this.present.start((message) => this.toAll.take(message));
    // Events written from here on wait in the stream.
    const end = this.feed.logEnd;
    try {
      const missed = lastEventId === '' ? null : await this.missedSince(lastEventId, end);
      if (response.destroyed) return;
      begin();
      this.greet(stream, end, missed);
    } catch (error) {
      remove();
      throw error;
    }
    if (this.closing.signal.aborted) stream.end();
  }

  private greet(stream: EventStream, end: LogEnd, missed: Missed | null): void {
    const isResumed = missed !== null && missed.resync === null;
    const hello = this.hello(end, isResumed);
    if (isResumed) {
      const messages = [streamMessage('hello', hello)];
      for (const event of missed.events) this.tellOf(event, (message) => messages.push(message));
      stream.tell(messages);
    } else {
      const resync = missed?.resync ? [this.resync(missed.resync)] : [];
      stream.tell([{ ...logMessage('hello', eventId(end), hello), position: null }, ...resync]);
    }
    stream.knowsUpTo(end.position);
    stream.goLive();
  }

  /** The events after the one that the reader knows, if this log contains that event. */
  private async missedSince(lastEventId: string, end: LogEnd): Promise<Missed> {
    const known = parseEventId(lastEventId);
    if (known === null || known.position > end.position) return { resync: 'ANOTHER_HISTORY', events: [] };
    const first = Math.max(0, known.position - 1);
    const read = await this.store.readAll(first, MOST_MISSED + 1);
    const [same] = read;
    const isKnown =
      known.position === 0 || (same?.position === known.position && eventId(same).hashStart === known.hashStart);
    if (!isKnown) return { resync: 'ANOTHER_HISTORY', events: [] };
    const events = read.filter(({ position }) => position > known.position && position <= end.position);
    const isWhole = (read.at(-1)?.position ?? 0) >= end.position;
    return isWhole ? { resync: null, events } : { resync: 'TOO_FAR_BEHIND', events: [] };
  }

  private takeEvents(events: readonly StoredEvent[]): void {
    if (this.streams.size === 0) return;
    for (const event of events) this.tellOf(event, (message) => this.toAll.take(message));
  }

  private tellOf(event: StoredEvent, tell: (message: StreamMessage) => void): void {
    const message = this.messages.of(event);
    if (message !== null) tell(message);
  }

  private hello({ position }: LogEnd, resumed: boolean): HelloEventDto {
    const at = this.clock().toISOString();
    return { position, epoch: this.epoch.current, at, heartbeatSeconds: HEARTBEAT_SECONDS, resumed };
  }

  private resync(reason: ResyncReason): StreamMessage {
    return streamMessage('resync', { reason, position: this.feed.logEnd.position });
  }
}
