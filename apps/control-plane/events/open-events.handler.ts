import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { EventStreams } from './event-streams.js';
import { OpenEvents } from './queries.js';

/** How soon a browser comes back after the stream has ended. */
const RETRY = 'retry: 1000\n\n';

const CONTENT_TYPE = 'text/event-stream; charset=utf-8';

@QueryHandler(OpenEvents)
export class OpenEventsHandler implements IQueryHandler<OpenEvents> {
  constructor(private readonly streams: EventStreams) {}

  async execute({ lastEventId, principal, reply }: OpenEvents): Promise<void> {
    const { raw } = reply;
    // A body that is never sent would keep the connection open for nobody.
    if (reply.request.method === 'HEAD') {
      await reply.type(CONTENT_TYPE).send();
      return;
    }
    await this.streams.open(raw, lastEventId, principal, () => {
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) raw.setHeader(name, value);
      }
      reply.hijack();
      // The body goes on until the connection closes. In chunks, each message would be four pieces for each reader.
      raw.useChunkedEncodingByDefault = false;
      raw.writeHead(200, {
        'content-type': CONTENT_TYPE,
        'cache-control': 'no-store',
        // Proxies in front pass each message on as it comes.
        'x-accel-buffering': 'no',
      });
      raw.write(RETRY);
    });
  }
}
