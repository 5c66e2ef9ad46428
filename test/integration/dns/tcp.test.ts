import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import { waitFor } from '#test/support/wait.js';
import { answerWith, startScripted } from './resolvers.js';
import { dig, type Served, serve } from './served.js';

function framed(id: number, name: string): Buffer {
  const message = Buffer.from(encode({ id, flags: 0x100, questions: [{ name, type: 'A' }] }));
  return Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);
}

interface Client {
  readonly socket: Socket;
  readonly ids: () => number[];
  readonly isClosed: () => boolean;
}

async function open(port: number, localAddress = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  const received: Buffer[] = [];
  let closed = false;
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  await once(socket, 'connect');
  const ids = (): number[] => {
    const found: number[] = [];
    let rest = Buffer.concat(received);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      found.push(decode(rest.subarray(2, end)).id ?? -1);
      rest = rest.subarray(end);
    }
    return found;
  };
  return { socket, ids, isClosed: () => closed };
}

describe('DNS over TCP', () => {
  const IDLE_MS = 400;
  let served: Served;
  const clients: Client[] = [];
  const client = async (localAddress?: string): Promise<Client> => {
    const opened = await open(served.port, localAddress);
    clients.push(opened);
    return opened;
  };
  beforeEach(async () => {
    // The rate limit does not apply here: these connections must end by their own bounds.
    served = await serve(
      { queriesPerSecondPerSource: 1e9 },
      { tcpIdleMs: IDLE_MS, tcpConnectionsPerSource: 4, tcpConnections: 6 },
    );
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await served.server.close();
  });

  it('answers pipelined queries, cut anywhere', async () => {
    const one = await client();
    const stream = Buffer.concat([1, 2, 3].map((id) => framed(id, 'api.dev.gstacks')));
    one.socket.write(stream.subarray(0, 1));
    one.socket.write(stream.subarray(1, 40));
    await waitFor('the first answer', () => one.ids().length === 1);
    one.socket.write(stream.subarray(40));
    await waitFor('all answers', () => one.ids().length === 3);
    expect(one.ids()).to.deep.equal([1, 2, 3]);
  });

  it('answers what is known while another query waits for a resolver, and all before a half-closed end', async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const resolver = await startScripted(async (question) => {
      await released;
      return [answerWith(question, '192.0.2.1')];
    });
    const forwarding = await serve({ upstreams: [resolver.address] });
    const one = await open(forwarding.port);
    clients.push(one);
    try {
      one.socket.end(Buffer.concat([framed(1, 'slow.example'), framed(2, 'api.dev.gstacks')]));
      await waitFor('the answer that is known', () => one.ids().length === 1);
      expect(one.ids()).to.deep.equal([2]);
      release();
      await waitFor('the connection ends', one.isClosed);
      expect(one.ids()).to.deep.equal([2, 1]);
    } finally {
      await forwarding.server.close();
      await resolver.stop();
    }
  });

  it('ends a sender of single octets at its idle bound, though it never stops sending', async () => {
    const slow = await client();
    const began = performance.now();
    let sent = 0;
    slow.socket.write(Buffer.from([0x0f, 0xff]));
    await waitFor('the slow sender is cut', () => {
      if (performance.now() - began > sent * 20) {
        slow.socket.write(Buffer.of(1));
        sent += 1;
      }
      return slow.isClosed();
    });
    expect(performance.now() - began).to.be.greaterThan(IDLE_MS - 50);
    expect(sent).to.be.greaterThan(5);
    expect(slow.ids()).to.deep.equal([]);
  });

  it('ends a reader of nothing at its idle bound and holds a bounded part of its answers', async () => {
    const deaf = await client();
    deaf.socket.pause();
    const queries = Buffer.concat(Array.from({ length: 2_000 }, (_, id) => framed(id, 'api.dev.gstacks')));
    await waitFor('the deaf client is cut', () => {
      if (!deaf.socket.writableNeedDrain) deaf.socket.write(queries);
      return deaf.isClosed();
    });
    // As much as the kernel's buffers of both ends hold: the server itself does not queue answers.
    expect((await served.server.counters()).queries).to.be.lessThan(400_000);
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');
  });

  for (const [what, bytes] of [
    ['a length below a header', Buffer.from([0, 4, 1, 2, 3, 4])],
    ['a length of 65,535', Buffer.from([0xff, 0xff])],
    ['a response', Buffer.concat([Buffer.of(0, 12), Buffer.from([0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0])])],
  ] as const) {
    it(`ends a connection that sends ${what}, and counts it`, async () => {
      const bad = await client();
      bad.socket.write(bytes);
      await waitFor('the connection is ended', bad.isClosed);
      expect((await served.server.counters()).malformed).to.equal(1);
    });
  }

  it('gives one source its share of connections and leaves room for others', async () => {
    const mine = [await client(), await client(), await client(), await client()];
    const tooMany = await client();
    await waitFor('the fifth is ended', tooMany.isClosed);
    expect(mine.map((each) => each.isClosed())).to.deep.equal([false, false, false, false]);
    expect((await dig(served.port, '+tcp', '-b', '127.0.0.2', 'api.dev.gstacks')).status).to.equal('NOERROR');
  });

  it('ends the oldest connection when all are taken', async () => {
    const first = await client('127.0.0.2');
    for (let count = 0; count < 4; count += 1) await client('127.0.0.1');
    await client('127.0.0.3');
    expect(first.isClosed()).to.equal(false);
    const last = await client('127.0.0.4');
    await waitFor('the oldest is ended', first.isClosed);
    last.socket.write(framed(5, 'api.dev.gstacks'));
    await waitFor('the last is answered', () => last.ids().length === 1);
  });
});
