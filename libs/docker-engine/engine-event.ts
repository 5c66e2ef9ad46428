import { labelsOf } from './container.js';

/** Something happened to a container or a network of the Engine. */
export interface EngineEvent {
  readonly type: string;
  readonly action: string;
  /** Of the container or network. */
  readonly id: string;
  /** For a network that was connected or disconnected: `container` is the container's id. */
  readonly attributes: { readonly [key: string]: string };
}

/** Events of a response that has one JSON object a line; a line that is none is passed over. */
export async function* readEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<EngineEvent> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = parseEvent(line);
      if (event !== null) yield event;
    }
  }
}

function parseEvent(line: string): EngineEvent | null {
  try {
    const { Type: type, Action: action, Actor: actor } = JSON.parse(line) as { readonly [key: string]: unknown };
    if (typeof type !== 'string' || typeof action !== 'string' || typeof actor !== 'object' || actor === null)
      return null;
    const { ID: id, Attributes: attributes } = actor as { readonly [key: string]: unknown };
    return typeof id === 'string' ? { type, action, id, attributes: labelsOf(attributes) } : null;
  } catch {
    return null;
  }
}
