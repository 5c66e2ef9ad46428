import { CodedError } from './errors.js';

/** One event of the stream. */
export interface ServerSentEvent {
  readonly name: string;
  readonly data: string;
  /** The id from which a reader resumes; null: the event has none. */
  readonly id: string | null;
}

/** Longer than any event of this system. */
const MOST_CHARACTERS = 4 * 1_024 * 1_024;

export class EventTooLongError extends CodedError {
  constructor() {
    super(
      'EVENT_TOO_LONG',
      `an event has more than ${MOST_CHARACTERS} characters`,
      'connect to the control plane directly: a proxy may have changed the stream',
    );
  }
}

/** Parses server-sent events (HTML Standard, section 9.2) from text that arrives in pieces. */
export class ServerSentEvents {
  private rest = '';

  /** The events that this piece completes. Error: EventTooLongError. */
  push(text: string): readonly ServerSentEvent[] {
    this.rest = (this.rest + text).replaceAll('\r\n', '\n');
    const blocks = this.rest.split('\n\n');
    this.rest = blocks.pop() ?? '';
    if (this.rest.length > MOST_CHARACTERS) throw new EventTooLongError();
    return blocks.flatMap((block) => eventOf(block) ?? []);
  }
}

/** null: a comment, or a block that only sets the reconnection time. */
function eventOf(block: string): ServerSentEvent | null {
  let name = 'message';
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
    if (field === 'id') id = value;
  }
  return data.length === 0 ? null : { name, data: data.join('\n'), id };
}
