import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { EventStream, MOST_UNREAD_BYTES } from '#apps/control-plane/events/event-stream.js';
import { MessageBatch } from '#apps/control-plane/events/message-batch.js';
import { streamMessage } from '#apps/control-plane/events/stream-message.js';
import { waitFor } from '#test/support/wait.js';
import { EventReader } from './event-reader.js';

const BIG = streamMessage('network', { text: 'x'.repeat(64 * 1_024) });

describe('what a reader leaves unread', () => {
  let server: Server;
  const streams: EventStream[] = [];
  const readers: EventReader[] = [];
  let slowEnds = 0;

  before(async () => {
    server = createServer((_request, response) => {
      streams.push(
        new EventStream(response, () => {
          slowEnds += 1;
        }),
      );
      response.flushHeaders();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  beforeEach(() => {
    slowEnds = 0;
    streams.length = 0;
    readers.length = 0;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function open(): Promise<{ readonly stream: EventStream; readonly reader: EventReader }> {
    const { port } = server.address() as AddressInfo;
    const reader = await EventReader.open(`http://127.0.0.1:${port}`, {});
    const stream = streams.at(-1);
    if (stream === undefined) throw new Error('no stream');
    return { stream, reader };
  }

  it('is bounded: the stream ends, and nobody else notices', async () => {
    const slow = await open();
    const quick = await open();
    slow.reader.pause();
    for (const { stream } of [slow, quick]) stream.goLive();
    let sent = 0;
    await waitFor('the slow one is ended', () => {
      for (const { stream } of [slow, quick]) stream.take(new MessageBatch([BIG]));
      sent += 1;
      return slowEnds === 1;
    });
    await quick.reader.until('every message', ({ events }) => events.length === sent);
    expect(quick.reader.isEnded).to.equal(false);
    slow.reader.resume();
    await slow.reader.until('the end', ({ isEnded }) => isEnded);
    expect(slow.reader.events.length).to.be.lessThan(sent);
    quick.stream.end();
    await quick.reader.until('the end', ({ isEnded }) => isEnded);
  });

  it('is bounded while it is still given what it missed', async () => {
    const { stream, reader } = await open();
    const most = Math.ceil(MOST_UNREAD_BYTES / BIG.text.length);
    for (let sent = 0; sent < most; sent += 1) stream.take(new MessageBatch([BIG]));
    expect(slowEnds).to.equal(1);
    await reader.until('the end', ({ isEnded }) => isEnded);
    stream.goLive();
    expect(reader.events).to.have.length(0);
  });

  it('comes in order: first what was missed, then what waited, each once', async () => {
    const { stream, reader } = await open();
    const at = (position: number) => ({ ...streamMessage('network', { position }), position });
    for (const position of [3, 4]) stream.take(new MessageBatch([at(position)]));
    stream.tell([1, 2, 3].map(at));
    stream.knowsUpTo(3);
    stream.goLive();
    stream.take(new MessageBatch([at(4)]));
    stream.take(new MessageBatch([at(5)]));
    await reader.until('all', ({ events }) => events.length === 5);
    expect(reader.events.map(({ data }) => data.position)).to.deep.equal([1, 2, 3, 4, 5]);
  });
});
