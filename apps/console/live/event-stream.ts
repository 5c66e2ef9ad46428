import { EventParser, type ServerSentEvent } from './event-parser.js';
import type { Hello, StreamMessage } from './messages.js';

export interface OpenedStream {
  /** The HTTP status; anything but 200 is a refusal. */
  readonly status: number;
  readonly chunks: AsyncIterable<string>;
}

export interface StreamSurroundings {
  /** Rejects if the control plane does not answer. */
  readonly open: (lastEventId: string | null, signal: AbortSignal) => Promise<OpenedStream>;
  readonly now: () => number;
  readonly tell: (message: StreamMessage) => void;
}

const OK = 200;
const UNAUTHENTICATED = 401;
const FIRST_TRY_AFTER_MS = 500;
const LAST_TRY_AFTER_MS = 8_000;
/**
 * Missed heartbeats before the page is not live. Until the first message, the control plane's default interval is
 * assumed.
 */
const MISSED_HEARTBEATS = 2;
const HEARTBEAT_SECONDS = 5;
const GRACE_MS = 500;

const silenceOf = (heartbeatSeconds: number): number => MISSED_HEARTBEATS * heartbeatSeconds * 1_000 + GRACE_MS;

/** The one connection for all tabs. It resumes after the last received event, and reports when it receives nothing. */
export class EventStream {
  private connection: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastEventId: string | null = null;
  private lastHeardAt: number | null = null;
  private silenceMs = silenceOf(HEARTBEAT_SECONDS);
  private failures = 0;

  constructor(private readonly surroundings: StreamSurroundings) {}

  connect(): void {
    this.close();
    const connection = new AbortController();
    this.connection = connection;
    this.expectNews(connection);
    void this.read(connection);
  }

  close(): void {
    clearTimeout(this.timer);
    this.connection?.abort();
    this.connection = null;
  }

  private async read(connection: AbortController): Promise<void> {
    try {
      const { status, chunks } = await this.surroundings.open(this.lastEventId, connection.signal);
      if (status === UNAUTHENTICATED && connection === this.connection) {
        this.close();
        this.surroundings.tell({ kind: 'signed-out' });
        return;
      }
      if (status === OK) {
        const parser = new EventParser();
        for await (const chunk of chunks) {
          for (const event of parser.feed(chunk)) if (connection === this.connection) this.hear(connection, event);
        }
      }
    } catch {
      // Unreachable, cut or aborted: handled the same.
    }
    this.failed(connection);
  }

  private hear(connection: AbortController, { name, data: text, id }: ServerSentEvent): void {
    const data = parsed(text);
    if (data === undefined) return;
    this.lastHeardAt = this.surroundings.now();
    const before = positionOf(this.lastEventId);
    if (id !== null && id !== '') this.lastEventId = id;
    if (name === 'hello') this.greeted(data as Hello, before);
    else this.surroundings.tell({ kind: 'event', name, data, position: positionOf(id) });
    this.expectNews(connection);
  }

  private greeted(hello: Hello, before: number | null): void {
    this.failures = 0;
    this.silenceMs = silenceOf(hello.heartbeatSeconds);
    const changesWhileAway = hello.resumed && before !== null ? Math.max(0, hello.position - before) : null;
    this.surroundings.tell({ kind: 'live', hello, changesWhileAway });
  }

  private expectNews(connection: AbortController): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.failed(connection), this.silenceMs);
  }

  private failed(connection: AbortController): void {
    if (connection !== this.connection) return;
    this.close();
    const waitMs = Math.min(LAST_TRY_AFTER_MS, FIRST_TRY_AFTER_MS * 2 ** this.failures);
    this.failures += 1;
    this.surroundings.tell({ kind: 'not-live', since: this.lastHeardAt, nextTryAt: this.surroundings.now() + waitMs });
    this.timer = setTimeout(() => this.connect(), waitMs);
  }
}

/** `18204` of `18204-1f0c9a3b5d7e`. */
function positionOf(id: string | null): number | null {
  const number = Number.parseInt(id ?? '', 10);
  return Number.isNaN(number) ? null : number;
}

/** Invalid data is ignored. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
