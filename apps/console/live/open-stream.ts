import { EventStream } from './event-stream.js';
import type { StreamMessage } from './messages.js';

const PATH = '/v1/events';

/** An EventStream over fetch, in a shared worker, or in the page if the browser has none. */
export function openStream(tell: (message: StreamMessage) => void): EventStream {
  return new EventStream({
    open: async (lastEventId, signal) => {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (lastEventId !== null) headers['last-event-id'] = lastEventId;
      const response = await fetch(PATH, { headers, signal, cache: 'no-store' });
      return { status: response.status, chunks: textOf(response.body) };
    },
    now: () => Date.now(),
    tell,
  });
}

async function* textOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  if (body === null) return;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    yield decoder.decode(read.value, { stream: true });
  }
}
