import { get, type IncomingMessage } from 'node:http';
import { waitFor } from '#test/support/wait.js';

export interface ReadEvent {
  readonly event: string;
  readonly id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads a stream of server-sent events over a real connection. */
export class EventReader {
  readonly events: ReadEvent[] = [];
  isEnded = false;
  private rest = '';

  private constructor(
    readonly status: number,
    private readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.take(chunk));
    for (const end of ['end', 'error', 'close']) {
      response.on(end, () => {
        this.isEnded = true;
      });
    }
  }

  static open(url: string, headers: Record<string, string>, path = '/v1/events'): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      const request = get(`${url}${path}`, { headers, agent: false }, (response) =>
        resolve(new EventReader(response.statusCode ?? 0, response)),
      );
      request.once('error', reject);
    });
  }

  /** The id of the last event that had one, as a browser keeps it. */
  get lastEventId(): string {
    return this.events.findLast(({ id }) => id !== null)?.id ?? '';
  }

  of(event: string): readonly ReadEvent[] {
    return this.events.filter((one) => one.event === event);
  }

  async until(what: string, found: (reader: EventReader) => boolean): Promise<void> {
    await waitFor(what, () => found(this));
  }

  /** Stops reading, and keeps the connection open. */
  pause(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }

  close(): void {
    this.response.destroy();
  }

  private take(chunk: string): void {
    const blocks = (this.rest + chunk).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
      );
      const event = fields.get('event');
      if (event === undefined) continue;
      this.events.push({ event, id: fields.get('id') ?? null, data: JSON.parse(fields.get('data') ?? '{}') });
    }
  }
}
