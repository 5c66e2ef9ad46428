/** One message of a stream of server-sent events. */
export interface ServerSentEvent {
  readonly name: string;
  readonly data: string;
  readonly id: string | null;
}

/**
 * Parses messages from pieces of text (HTML Standard, 9.2.6). A browser's EventSource delivers only events with names
 * known in advance, and no HTTP status if the stream is refused.
 */
export class EventParser {
  private rest = '';
  private name = '';
  private data: string[] = [];
  private id: string | null = null;

  *feed(text: string): Generator<ServerSentEvent> {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') this.take(line);
      else if (this.data.length > 0) yield this.message();
    }
  }

  private take(line: string): void {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') this.name = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id') this.id = value;
  }

  private message(): ServerSentEvent {
    const message = { name: this.name === '' ? 'message' : this.name, data: this.data.join('\n'), id: this.id };
    this.name = '';
    this.data = [];
    this.id = null;
    return message;
  }
}
