import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { EventStreams } from './event-streams.js';
import { OpenEvents } from './queries.js';

/** How soon a browser reconnects after the stream ended. */
const RETRY = 'retry: 1000\n\n';

const CONTENT_TYPE = 'text/event-stream; charset=utf-8';

@QueryHandler(OpenEvents)
export class OpenEventsHandler implements IQueryHandler<OpenEvents> {
  constructor(private readonly streams: EventStreams) {}

  async execute({ lastEventId, principal, reply }: OpenEvents): Promise<void> {
    const { raw } = reply;
    // Without this, the connection would stay open for a body that is never sent.
    if (reply.request.method === 'HEAD') {
      await reply.type(CONTENT_TYPE).send();
      return;
    }
    await this.streams.open(raw, lastEventId, principal, () => {
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) raw.setHeader(name, value);
      }
      reply.hijack();
      // The body ends with the connection. Chunked encoding would need four pieces for each message and reader.
      raw.useChunkedEncodingByDefault = false;
      raw.writeHead(200, {
        'content-type': CONTENT_TYPE,
        'cache-control': 'no-store',
        // Tells proxies in front to pass each message on at once.
        'x-accel-buffering': 'no',
      });
      raw.write(RETRY);
    });
  }
}
