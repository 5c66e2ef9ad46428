import { labelsOf } from './container.js';

/** An event of a container or network of the Engine. */
export interface EngineEvent {
  readonly type: string;
  readonly action: string;
  /** Id of the container or network. */
  readonly id: string;
  /** When a container is connected to a network or disconnected, `container` is its id. */
  readonly attributes: { readonly [key: string]: string };
}

/** Events from a response with one JSON object per line; invalid lines are skipped. */
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
